import { app } from '@azure/functions'
import { asGatewayError } from '../lib/errors.js'
import { gateway } from '../lib/gateway.js'
import { consoleHandler, requireRole } from '../lib/http/console/console-handler.js'
import { bodyOf, refusedForm } from '../lib/http/console/server-mailbox-form.js'
import { parse } from '../lib/model/parse.js'
import { link, segment } from '../lib/pages/console/frame.js'
import { serverMailboxPage } from '../lib/pages/console/server-mailbox-page.js'

const operation = 'serverMailboxCreate'

export const consoleServerMailbox = consoleHandler(
  gateway,
  async ({ g, tenant, view, form, request }) => {
    requireRole(view, operation)
    if (request.method === 'GET') return serverMailboxPage(view)
    try {
      const { serverMailboxSchema } = await import('../lib/model/server-mailbox-schemas.js')
      const input = parse(serverMailboxSchema, bodyOf(form))
      const { mailboxId } = await g.connect.addServerMailbox(tenant, { input })
      return { redirect: link(view, `/mailboxes/${segment(mailboxId)}`, { done: 'server-mailbox' }) }
    } catch (error) {
      const refused = asGatewayError(error)
      if (refused.status >= 500) throw error
      return { form: serverMailboxPage(view, refusedForm(form, refused)), status: refused.status }
    }
  },
  { operation: () => operation },
)

app.http('console-server-mailbox', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'console/server-mailbox',
  handler: consoleServerMailbox,
})
