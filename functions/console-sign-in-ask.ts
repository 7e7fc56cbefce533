import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler, requireRole, unknownAction } from '../lib/http/console-handler.js'
import { askRejectPage } from '../lib/pages/console/ask-reject-page.js'

/** What cannot be taken back is asked before it is done. */
export const consoleSignInAsk = consoleHandler(gateway, async ({ g, tenant, view, params }) => {
  const { id = '', action = '' } = params
  if (action !== 'reject') throw unknownAction()
  requireRole(view, 'signInReject')
  return askRejectPage(view, await g.connect.describeSignIn(tenant, id))
})

app.http('console-sign-in-ask', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'console/sign-ins/{id}/{action}',
  handler: consoleSignInAsk,
})
