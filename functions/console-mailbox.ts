import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler } from '../lib/http/console-handler.js'
import { mailboxPage } from '../lib/pages/console/mailbox-pages.js'

export const consoleMailbox = consoleHandler(gateway, async ({ g, tenant, view, params }) => {
  const mailbox = await g.admin.readMailboxFacts(tenant, params['id'] ?? '')
  const [attention, { settings }, received] = await Promise.all([
    g.ops.listAttention(tenant),
    g.admin.readMailboxSettings(tenant, mailbox.id),
    g.receive.listReceived(tenant, mailbox.id, { limit: 50 }),
  ])
  return mailboxPage(view, { mailbox, attention, settings, received: received.mails })
})

app.http('console-mailbox', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'console/mailboxes/{id}',
  handler: consoleMailbox,
})
