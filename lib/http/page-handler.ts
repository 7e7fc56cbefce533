import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import { asGatewayError, type GatewayError } from '../errors.js'
import { invocationLog } from '../log.js'
import { newId } from '../model/ids.js'
import { errorPage } from '../pages/error-page.js'
import { browserCookie, readCookie } from './cookies.js'
import { htmlResponse } from './html-response.js'

export interface PageCall {
  request: HttpRequest
  /** `{id}.{secret}` of the route, or empty. */
  link: string
  /** Value of the browser cookie. */
  browser: string | undefined
  requestId: string
}

/** One page: whatever goes wrong becomes the friendly page, with the request id and without any inner text (M-073, SEC-39). */
export function pageHandler(act: (call: PageCall) => Promise<HttpResponseInit>): HttpHandler {
  return async (request: HttpRequest, context: InvocationContext) => {
    const requestId = newId()
    let link = ''
    try {
      link = request.params['link'] ?? ''
      const browser = readCookie(request.headers.get('cookie'), browserCookie)
      return await act({ request, link, browser, requestId })
    } catch (caught) {
      const error = asGatewayError(caught)
      if (error.status >= 500)
        invocationLog(context).error('page-failed', { code: error.code, requestId, fault: placeOf(error) })
      return errorResponse(error, requestId, retryOf(link, error))
    }
  }
}

/** Only a link that works is worth another look. */
function retryOf(link: string, { code }: GatewayError): { retry?: string } {
  const isOver = ['link_unknown', 'link_expired', 'sign_in_used', 'sign_in_cancelled'].includes(code)
  return isOver || !/^[a-z2-7]{26}\.[a-z2-7]{32}$/.test(link) ? {} : { retry: `/connect/${link}` }
}

export function errorResponse(
  error: GatewayError,
  requestId: string,
  ways: { retry?: string; approval?: string } = {},
): HttpResponseInit {
  const { code, class: errorClass, hint, description, remedy, status } = error
  const page = errorPage({ code, class: errorClass, hint, description, remedy, requestId, ...ways })
  return htmlResponse(page, { status, requestId })
}

/** Name and place of a fault of ours, without its message: messages may carry data. */
function placeOf({ cause, code }: GatewayError): string {
  if (!(cause instanceof Error)) return code
  const line = (cause.stack ?? '').split('\n').find((one) => one.includes(' at '))
  return `${cause.name} ${line?.trim() ?? ''}`
}
