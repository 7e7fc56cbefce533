import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler, requireRole, unknownAction } from '../lib/http/console-handler.js'
import { link } from '../lib/pages/console/frame.js'

export const consoleSignInAct = consoleHandler(gateway, async ({ g, tenant, view, params }) => {
  const { id = '', action = '' } = params
  requireRole(view, action === 'confirm' ? 'signInConfirm' : 'signInReject')
  if (action === 'confirm') await g.connect.confirmByAdmin(tenant, id)
  else if (action === 'reject') await g.connect.rejectSignIn(tenant, id)
  else throw unknownAction()
  return { redirect: link(view, '', { done: action }) }
})

app.http('console-sign-in-act', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'console/sign-ins/{id}/{action}',
  handler: consoleSignInAct,
})
