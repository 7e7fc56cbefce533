import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { clearCookie, readCookie, returnCookie } from '../lib/http/cookies.js'
import { redirect } from '../lib/http/html-response.js'
import { errorResponse, pageHandler } from '../lib/http/page-handler.js'

export const oauthComplete = pageHandler(async ({ request, browser, requestId }) => {
  const { connect } = await gateway()
  const short = /^(?:[a-z2-7]{8}|none)$/.exec(request.query.get('s') ?? '')?.[0] ?? 'none'
  const handOff = readCookie(request.headers.get('cookie'), returnCookie(short))
  const completed = await connect.completeSignIn({ short, handOff, browser })
  const cookies = [clearCookie(returnCookie(short))]
  if (completed.outcome !== 'refused') return redirect(completed.location, cookies)
  return { ...errorResponse(completed.error, requestId, completed), cookies }
})

app.http('oauth-complete', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'oauth/complete',
  handler: oauthComplete,
})
