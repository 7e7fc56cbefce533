import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import { asGatewayError, type GatewayError } from '../../errors.js'
import { invocationLog } from '../../log.js'
import { newId } from '../../model/ids.js'
import { type ErrorPage, errorPage } from '../../pages/error-page.js'
import { type Texts, textsOf } from '../../pages/texts/texts.js'
import { browserCookie, readCookie } from '../request/cookies.js'
import { requireShortQuery } from '../request/query-limits.js'
import { htmlResponse, redirect } from './html-response.js'

export interface PageCall {
  request: HttpRequest
  /** `{id}.{secret}` of the route, or empty. */
  link: string
  /** Value of the browser cookie. */
  browser: string | undefined
  requestId: string
  /** In the language of the browser. */
  texts: Texts
}

/**
 * One page: whatever goes wrong becomes the friendly page, with the request id and without any inner text (M-073,
 * SEC-39).
 */
export function pageHandler(act: (call: PageCall) => Promise<HttpResponseInit>): HttpHandler {
  return async (request: HttpRequest, context: InvocationContext) => {
    const requestId = newId()
    let texts = textsOf(null)
    let link = ''
    try {
      texts = textsOf(request.headers.get('accept-language'))
      requireShortQuery(request.url)
      link = request.params['link'] ?? ''
      const browser = readCookie(request.headers.get('cookie'), browserCookie)
      return await act({ request, link, browser, requestId, texts })
    } catch (caught) {
      const error = asGatewayError(caught)
      const { code, status } = error
      if (status >= 500) invocationLog(context).error('page-failed', { code, requestId, fault: placeOf(error) })
      else invocationLog(context).info('request-refused', { operation: 'page', tenant: '~', code, requestId })
      return errorResponse(error, { requestId, texts, ways: retryOf(link, error) })
    }
  }
}

/** Only a link that works is worth another look. */
function retryOf(link: string, { code }: GatewayError): { retry?: string } {
  const isOver = ['link_unknown', 'link_expired', 'sign_in_used', 'sign_in_cancelled', 'sign_in_rejected'].includes(
    code,
  )
  return isOver || !/^[a-z2-7]{26}\.[a-z2-7]{32}$/.test(link) ? {} : { retry: `/connect/${link}` }
}

type Failure = Pick<ErrorPage, 'code' | 'class' | 'hint' | 'description' | 'remedy' | 'values'> & { status: number }

export interface Ways {
  retry?: string
  approval?: string
  returnTo?: string
  maybeShared?: string
  sendFirst?: ErrorPage['sendFirst']
  handOver?: ErrorPage['handOver']
  /** Origins that a form of the page may end at. */
  formTargets?: string[]
}

export function errorResponse(
  error: Failure,
  { requestId, texts, ways = {} }: { requestId: string; texts: Texts; ways?: Ways },
): HttpResponseInit {
  const { code, class: errorClass, hint, description, remedy, status, values } = error
  const { retry, approval, returnTo, maybeShared, sendFirst, handOver, formTargets = [] } = ways
  const said = { code, class: errorClass, hint, description, remedy, values, requestId }
  const page = errorPage({ ...said, retry, approval, sendFirst, handOver, returnTo, maybeShared }, texts)
  return htmlResponse(page, { status, requestId, formTargets })
}

/** Post, redirect, get: whatever a form led to has an address that can be loaded again. Faults of ours have none. */
export async function afterPost(
  act: () => Promise<{ location: string }>,
  keep: (error: GatewayError) => Promise<{ location: string }>,
): Promise<HttpResponseInit> {
  try {
    return redirect((await act()).location)
  } catch (caught) {
    const error = asGatewayError(caught)
    if (error.status >= 500) throw caught
    return redirect((await keep(error)).location)
  }
}

/** Somebody opened the address of a form. */
export const backToLink = (link: string): HttpResponseInit => redirect(`/connect/${encodeURIComponent(link)}`)

/** Name and place of a fault of ours, without its message: messages may carry data. */
function placeOf({ cause, code }: GatewayError): string {
  if (!(cause instanceof Error)) return code
  const line = (cause.stack ?? '').split('\n').find((one) => one.includes(' at '))
  return `${cause.name} ${line?.trim() ?? ''}`
}
