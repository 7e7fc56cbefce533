import type { HttpRequest } from '@azure/functions'
import { invalidInput } from '../errors.js'

/**
 * The header Idempotency-Key: 1 to 200 visible ASCII characters, or none. An empty one is a mistake of the caller and
 * never none: two such requests would be two mails.
 */
export function idempotencyKeyOf(request: HttpRequest): string | undefined {
  const key = request.headers.get('idempotency-key')
  if (key === null) return undefined
  if (!/^[\x21-\x7e]{1,200}$/.test(key))
    throw invalidInput(
      'Idempotency-Key',
      'must have 1 to 200 visible ASCII characters; send the id of the mail in your system, or leave the header out.',
    )
  return key
}
