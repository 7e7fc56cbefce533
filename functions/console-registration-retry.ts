import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleActionHandler } from '../lib/http/console/console-action-handler.js'
import { link } from '../lib/pages/console/frame.js'
import { html } from '../lib/pages/html.js'

/** Of the deployment's registrations an operator does it where no tenant is chosen. */
export const consoleRegistrationRetry = consoleActionHandler(gateway, 'registrations', {
  describe: async () => html``,
  async act({ g, tenant, view }, id) {
    const { credentialTried } = await g.admin.retryRegistration(tenant, id)
    return { redirect: link(view, '', { done: `registration-${credentialTried}` }) }
  },
  tenant: false,
  only: 'retry',
})

app.http('console-registration-retry', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'console/registrations/{id}/retry',
  handler: consoleRegistrationRetry,
})
