import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { afterPost, backToLink, pageHandler } from '../lib/http/pages/page-handler.js'
import { fieldOf, formBody } from '../lib/http/request/form-body.js'

export const connectCancel = pageHandler(async ({ request, link, browser, requestId }) => {
  if (request.method !== 'POST') return backToLink(link)
  const { connect } = await gateway()
  const sent = { link, browser, formToken: fieldOf(await formBody(request), 'token') }
  return afterPost(
    () => connect.cancelSignIn(sent),
    (error) => connect.keepFormProblem({ ...sent, error, requestId }),
  )
})

app.http('connect-cancel', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'connect/{link}/cancel',
  handler: connectCancel,
})
