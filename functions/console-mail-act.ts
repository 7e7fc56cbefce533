import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleActionHandler } from '../lib/http/console/console-action-handler.js'
import { mailFacts } from '../lib/pages/console/mail-pages.js'

export const consoleMailAct = consoleActionHandler(gateway, 'mails', {
  describe: async ({ g, tenant, view }, id) => mailFacts(view, await g.send.readMail(tenant, id)),
  async act({ g, tenant }, id, name) {
    const { send } = g
    const does: Record<typeof name, () => Promise<unknown>> = {
      release: () => send.releaseMail(tenant, id),
      cancel: () => send.cancelMail(tenant, id),
      retry: () => send.retryMail(tenant, id),
      'send-now': () => send.sendMailNow(tenant, id),
      'resolve-sent': () => send.resolveMail(tenant, { id, outcome: 'sent' }),
      'resolve-not-sent': () => send.resolveMail(tenant, { id, outcome: 'not-sent' }),
      'resolve-resend': () => send.resolveMail(tenant, { id, outcome: 'resend' }),
    }
    await does[name]()
    return undefined
  },
})

app.http('console-mail-act', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'console/mails/{id}/{action}',
  handler: consoleMailAct,
})
