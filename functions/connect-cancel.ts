import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { fieldOf, formBody } from '../lib/http/form-body.js'
import { htmlResponse } from '../lib/http/html-response.js'
import { pageHandler } from '../lib/http/page-handler.js'
import { cancelledPage } from '../lib/pages/cancelled-page.js'

export const connectCancel = pageHandler(async ({ request, link, browser, requestId }) => {
  const { connect } = await gateway()
  const formToken = fieldOf(await formBody(request), 'token')
  const cancelled = await connect.cancelSignIn({ link, browser, formToken })
  return htmlResponse(cancelledPage(cancelled), { requestId })
})

app.http('connect-cancel', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'connect/{link}/cancel',
  handler: connectCancel,
})
