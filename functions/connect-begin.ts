import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { afterPost, pageHandler } from '../lib/http/pages/page-handler.js'
import { fieldOf, formBody } from '../lib/http/request/form-body.js'

export const connectBegin = pageHandler(async ({ request, link, browser, requestId }) => {
  const { connect } = await gateway()
  const fields = await formBody(request)
  const sent = { link, browser, formToken: fieldOf(fields, 'token') }
  const [provider, registrationId, delegate] = ['provider', 'registration', 'delegate'].map((name) =>
    fieldOf(fields, name),
  )
  const isSendingFirst = fieldOf(fields, 'later') === 'receive'
  return afterPost(
    () => connect.beginAuthorize({ ...sent, provider, registrationId, delegate, isSendingFirst }),
    (error) => connect.keepFormProblem({ ...sent, error, requestId }),
  )
})

app.http('connect-begin', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'connect/{link}',
  handler: connectBegin,
})
