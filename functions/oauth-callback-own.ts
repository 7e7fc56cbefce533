import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { redirect } from '../lib/http/pages/html-response.js'
import { pageHandler } from '../lib/http/pages/page-handler.js'
import { setCookie } from '../lib/http/request/cookies.js'
import { parametersOf } from '../lib/http/request/form-body.js'

/** Of a registration whose server may be anybody's. */
export const oauthCallbackOwn = pageHandler(async ({ request }) => {
  const { connect } = await gateway()
  const registrationId = request.params['registration'] ?? ''
  const answer = { parameters: await parametersOf(request), registrationId }
  const { cookie, value, location } = await connect.returnCallback(answer)
  return redirect(location, [setCookie(cookie, value, 120)])
})

app.http('oauth-callback-own', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'oauth/callback/{registration}',
  handler: oauthCallbackOwn,
})
