import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler } from '../lib/http/console/console-handler.js'
import { mailboxesPage } from '../lib/pages/console/mailbox-pages.js'

export const consoleMailboxes = consoleHandler(gateway, async ({ g, tenant, view, query }) => {
  const after = query.get('after') ?? ''
  const { mailboxes, next } = await g.admin.listMailboxFacts(tenant, { limit: 50, after })
  return mailboxesPage(view, mailboxes, { query, next })
})

app.http('console-mailboxes', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'console/mailboxes',
  handler: consoleMailboxes,
})
