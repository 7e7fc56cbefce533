import type { HttpResponseInit } from '@azure/functions'
import type { GatewayError } from '../../errors.js'
import { apiHeaders } from '../request/security-headers.js'

/**
 * An error as a problem document (RFC 9457) with our stable `code`, the remedy and the request id; no stack, no inner
 * text.
 */
export function problem(error: GatewayError, requestId: string): HttpResponseInit {
  const headers: Record<string, string> = {
    ...apiHeaders,
    'content-type': 'application/problem+json',
    'x-request-id': requestId,
  }
  if (error.retryAfterMs !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)))
  else if (error.status === 503 || error.status === 429) headers['retry-after'] = '10'
  if (error.status === 401) headers['www-authenticate'] = 'Bearer'
  const { field, description: message } = error
  const problems = error.problems ?? (field === undefined ? undefined : [{ field, message }])
  return {
    status: error.status,
    headers,
    body: JSON.stringify({
      type: `urn:mailbox-gateway:error:${error.code}`,
      title: error.description,
      status: error.status,
      code: error.code,
      class: error.class,
      ...(error.hint ? { hint: error.hint } : {}),
      detail: error.remedy,
      ...(problems ? { problems } : {}),
      ...(error.peerLine ? { peerLine: error.peerLine } : {}),
      ...(error.trace ? { trace: error.trace } : {}),
      requestId,
    }),
  }
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): HttpResponseInit {
  return {
    status,
    headers: {
      ...apiHeaders,
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(body),
  }
}
