import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { afterPost, backToLink, pageHandler } from '../lib/http/pages/page-handler.js'
import { fieldOf, formBody } from '../lib/http/request/form-body.js'
import type { TypedServers } from '../lib/model/sign-in.js'

const names = ['username', 'imapHost', 'imapPort', 'imapTls', 'smtpHost', 'smtpPort', 'smtpTls'] as const

export const connectPassword = pageHandler(async ({ request, link, browser, requestId }) => {
  if (request.method !== 'POST') return backToLink(link)
  const { connect } = await gateway()
  const fields = await formBody(request)
  const typed = Object.fromEntries(names.map((name) => [name, fieldOf(fields, name)])) as TypedServers
  const sent = { link, browser, formToken: fieldOf(fields, 'token') }
  return afterPost(
    () => connect.submitPassword({ ...sent, form: { ...typed, password: fieldOf(fields, 'password') } }),
    (error) => connect.keepFormProblem({ ...sent, error, requestId, typed }),
  )
})

app.http('connect-password', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'connect/{link}/password',
  handler: connectPassword,
})
