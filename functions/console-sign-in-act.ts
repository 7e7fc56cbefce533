import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleActionHandler } from '../lib/http/console/console-action-handler.js'
import { signInFacts } from '../lib/pages/console/attention-card.js'

export const consoleSignInAct = consoleActionHandler(gateway, 'sign-ins', {
  describe: async ({ g, tenant, view }, id) => signInFacts(view, await g.connect.describeSignIn(tenant, id)),
  async act({ g, tenant }, id, name) {
    if (name === 'confirm') await g.connect.confirmByAdmin(tenant, id)
    else await g.connect.rejectSignIn(tenant, id)
    return undefined
  },
})

app.http('console-sign-in-act', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'console/sign-ins/{id}/{action}',
  handler: consoleSignInAct,
})
