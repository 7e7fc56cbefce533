import type { HttpRequest } from '@azure/functions'
import { GatewayError } from '../../errors.js'

/**
 * For a body that is empty although one is needed: throws `length_required` (411) when the request did not say how long
 * its body is. Microsoft's host hands over only what Content-Length announces (azure-functions-host issue 7930), so a
 * chunked body arrives here as none and the caller would look for the fault in the wrong place.
 */
export function requireLength(request: HttpRequest): void {
  if (request.headers.has('content-length')) return
  throw new GatewayError('length_required', 'permanent', {
    status: 411,
    description: 'The request has no Content-Length, so its body did not arrive.',
    remedy:
      'Send the body with Content-Length instead of Transfer-Encoding: chunked. In .NET call "await content.LoadIntoBufferAsync()" before sending, or use StringContent or ByteArrayContent.',
  })
}
