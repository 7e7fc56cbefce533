import { app } from '@azure/functions'
import { asGatewayError, GatewayError } from '../lib/errors.js'
import { gateway } from '../lib/gateway.js'
import { htmlResponse, redirect } from '../lib/http/pages/html-response.js'
import { errorResponse, pageHandler } from '../lib/http/pages/page-handler.js'
import { browserCookie, browserSeconds, setCookie } from '../lib/http/request/cookies.js'
import { cancelledPage } from '../lib/pages/cancelled-page.js'
import { connectPage } from '../lib/pages/connect-page.js'
import { consentPage } from '../lib/pages/consent-pages.js'

export const connectPageShow = pageHandler(async ({ request, link, browser, requestId, texts }) => {
  const { connect } = await gateway()
  const view = await connect.showLink(link, browser).catch(asGatewayError)
  if (view instanceof GatewayError) {
    const ended = await connect.endedLink(link, view.code)
    if (ended === undefined) throw view
    if (view.code !== 'sign_in_cancelled') return errorResponse(view, { requestId, texts, ways: ended })
    return htmlResponse(cancelledPage(ended, texts), { status: view.status, requestId })
  }
  if ('finished' in view) return redirect(view.finished)
  const cookies = [setCookie(browserCookie, view.browser, browserSeconds)]
  const shown = { ...view, link, typed: view.problem?.typed, again: request.query.get('again') === '1' }
  const page = view.target.kind === 'admin-consent' ? consentPage(shown, texts) : connectPage(shown, texts)
  return htmlResponse(page, { cookies, requestId, formTargets: view.formTargets })
})

app.http('connect-page', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'connect/{link}',
  handler: connectPageShow,
})
