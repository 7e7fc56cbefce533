import type { Cookie, HttpResponseInit } from '@azure/functions'
import { styleHash } from '../../pages/style.js'
import { apiHeaders, securityHeaders } from '../request/security-headers.js'

export interface HtmlOptions {
  status?: number
  cookies?: Cookie[]
  requestId?: string
  /** Origins besides our own that a form post may end at. */
  formTargets?: readonly string[]
}

/**
 * A page of the connect journey. Cookies travel apart from the headers, because the host keeps only one Set-Cookie of a
 * header map.
 */
export function htmlResponse(page: string, options: HtmlOptions = {}): HttpResponseInit {
  const { status = 200, cookies = [], requestId, formTargets = [] } = options
  return {
    status,
    headers: {
      ...securityHeaders({ styleHash, formTargets }),
      'content-type': 'text/html; charset=utf-8',
      ...(requestId ? { 'x-request-id': requestId } : {}),
    },
    cookies,
    body: page,
  }
}

/** 303 in every case: the browser continues with a GET and never sends a body again (SEC-12). */
export function redirect(location: string, cookies: Cookie[] = []): HttpResponseInit {
  const headers = { ...apiHeaders, location }
  return { status: 303, headers, cookies }
}
