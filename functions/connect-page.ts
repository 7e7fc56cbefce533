import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { browserCookie, browserSeconds, setCookie } from '../lib/http/cookies.js'
import { htmlResponse, redirect } from '../lib/http/html-response.js'
import { pageHandler } from '../lib/http/page-handler.js'
import { connectPage } from '../lib/pages/connect-page.js'
import { consentPage } from '../lib/pages/consent-pages.js'

export const connectPageShow = pageHandler(async ({ link, browser, requestId }) => {
  const { connect } = await gateway()
  const view = await connect.showLink(link, browser)
  if ('finished' in view) return redirect(view.finished)
  const cookies = [setCookie(browserCookie, view.browser, browserSeconds)]
  const { formTargets } = view
  const page = view.target.kind === 'admin-consent' ? consentPage : connectPage
  return htmlResponse(page({ ...view, link }), { cookies, requestId, formTargets })
})

app.http('connect-page', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'connect/{link}',
  handler: connectPageShow,
})
