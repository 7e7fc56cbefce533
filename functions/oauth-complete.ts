import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { htmlResponse, redirect } from '../lib/http/pages/html-response.js'
import { errorResponse, pageHandler } from '../lib/http/pages/page-handler.js'
import { clearCookie, readCookie, returnCookie } from '../lib/http/request/cookies.js'
import { checkingPage } from '../lib/pages/checking-page.js'

export const oauthComplete = pageHandler(async ({ request, browser, requestId, texts }) => {
  const { connect } = await gateway()
  const short = /^(?:[a-z2-7]{8}|none)$/.exec(request.query.get('s') ?? '')?.[0] ?? 'none'
  // Browsers say that a person looks on: they get a page at once, which asks again and stays until the answer is there.
  if (request.headers.get('sec-fetch-mode') === 'navigate' && request.query.get('go') !== '1')
    return htmlResponse(checkingPage(`/oauth/complete?s=${short}&go=1`, texts), { requestId })
  const handOff = readCookie(request.headers.get('cookie'), returnCookie(short))
  const completed = await connect.completeSignIn({ short, handOff, browser, requestId })
  const cookies = [clearCookie(returnCookie(short))]
  if (completed.outcome !== 'refused') return redirect(completed.location, cookies)
  const { error, location, retry } = completed
  if (location !== undefined) return redirect(location, cookies)
  return { ...errorResponse(error, { requestId, texts, ways: retry === undefined ? {} : { retry } }), cookies }
})

app.http('oauth-complete', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'oauth/complete',
  handler: oauthComplete,
})
