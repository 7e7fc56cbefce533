import type { HttpRequest } from '@azure/functions'
import { type GatewayError, invalidInput } from '../../errors.js'

/**
 * The header Idempotency-Key: 1 to 200 visible ASCII characters, or none. An empty one is a mistake of the caller and
 * never none: two such requests would be two mails. A bad one is refused together with what else is wrong.
 */
export function judgedKey({ request, refused }: { request: HttpRequest; refused: readonly GatewayError[] }): {
  key: string | undefined
  refused: readonly GatewayError[]
} {
  const key = request.headers.get('idempotency-key') ?? undefined
  if (key === undefined || /^[\x21-\x7e]{1,200}$/.test(key)) return { key, refused }
  const message =
    'must have 1 to 200 visible ASCII characters; send the id of the mail in your system, or leave the header out.'
  return { key: undefined, refused: [...refused, invalidInput('Idempotency-Key', message)] }
}
