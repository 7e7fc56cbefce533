import type { Cookie, HttpResponseInit } from '@azure/functions'
import { type PageSecurity, securityHeaders } from './security-headers.js'

/** A page. Cookies travel apart from the headers, because the host keeps only one Set-Cookie of a header map. */
export function htmlResponse(
  page: string,
  security: PageSecurity,
  options: { status?: number; cookies?: Cookie[]; requestId?: string } = {},
): HttpResponseInit {
  return {
    status: options.status ?? 200,
    headers: {
      ...securityHeaders(security),
      'content-type': 'text/html; charset=utf-8',
      ...(options.requestId ? { 'x-request-id': options.requestId } : {}),
    },
    cookies: options.cookies ?? [],
    body: page,
  }
}

/** 303 in every case: the browser continues with a GET and never sends a body again (SEC-12). */
export function redirect(location: string, cookies: Cookie[] = []): HttpResponseInit {
  const headers = {
    location,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
  return { status: 303, headers, cookies }
}
