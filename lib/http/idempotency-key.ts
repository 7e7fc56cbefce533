import type { HttpRequest } from '@azure/functions'
import { invalidInput } from '../errors.js'

/** The header Idempotency-Key: 1 to 200 visible ASCII characters, or none. */
export function idempotencyKeyOf(request: HttpRequest): string | undefined {
  const key = request.headers.get('idempotency-key')
  if (key === null || key === '') return undefined
  if (!/^[\x21-\x7e]{1,200}$/.test(key))
    throw invalidInput('Idempotency-Key', 'must have 1 to 200 visible ASCII characters.')
  return key
}
