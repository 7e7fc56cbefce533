import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler } from '../lib/http/console-handler.js'
import { mailboxesPage } from '../lib/pages/console/mailbox-pages.js'

export const consoleMailboxes = consoleHandler(gateway, async ({ g, tenant, view }) =>
  mailboxesPage(view, await g.admin.listMailboxFacts(tenant)),
)

app.http('console-mailboxes', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'console/mailboxes',
  handler: consoleMailboxes,
})
