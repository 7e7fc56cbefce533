import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { browserCookie, browserSeconds, setCookie } from '../lib/http/cookies.js'
import { htmlResponse, redirect } from '../lib/http/html-response.js'
import { pageHandler } from '../lib/http/page-handler.js'
import { connectPage } from '../lib/pages/connect-page.js'
import { consentPage } from '../lib/pages/consent-pages.js'
import { errorPage } from '../lib/pages/error-page.js'
import { styleHash } from '../lib/pages/style.js'

export const connectPageShow = pageHandler({ styleHash, errorPage }, async ({ link, browser, requestId }) => {
  const { connect } = await gateway()
  const view = await connect.showLink(link, browser)
  if ('finished' in view) return redirect(view.finished)
  const cookies = [setCookie(browserCookie, view.browser, browserSeconds)]
  const { formTargets } = view
  const page = view.target.kind === 'admin-consent' ? consentPage : connectPage
  return htmlResponse(page({ ...view, link }), { styleHash, formTargets }, { cookies, requestId })
})

app.http('connect-page', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'connect/{link}',
  handler: connectPageShow,
})
