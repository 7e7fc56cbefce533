import { app } from '@azure/functions'
import { asGatewayError } from '../lib/errors.js'
import { gateway } from '../lib/gateway.js'
import { htmlResponse } from '../lib/http/pages/html-response.js'
import { backToLink, errorResponse, pageHandler } from '../lib/http/pages/page-handler.js'
import { consentResultPage } from '../lib/pages/consent-pages.js'
import { resultPage } from '../lib/pages/result-page.js'

export const connectResult = pageHandler(async ({ link, browser, requestId, texts }) => {
  const { connect } = await gateway()
  try {
    const refusal = await connect.showRefusal(link, browser)
    // The id of the attempt: it is the one that the log knows.
    if (refusal) return errorResponse(refusal.refused, { requestId: refusal.refused.requestId, texts, ways: refusal })
    const view = await connect.showResult(link, browser)
    const page = view.target.kind === 'admin-consent' ? consentResultPage(view, texts) : resultPage(view, texts)
    return htmlResponse(page, { requestId })
  } catch (error) {
    // A link that is over says so on its own page, with the way back to the application.
    if (await connect.endedLink(link, asGatewayError(error).code)) return backToLink(link)
    throw error
  }
})

app.http('connect-result', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'connect/{link}/result',
  handler: connectResult,
})
