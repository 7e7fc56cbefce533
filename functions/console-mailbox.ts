import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler } from '../lib/http/console/console-handler.js'
import type { Mailbox } from '../lib/model/mailbox.js'
import { mailboxPage } from '../lib/pages/console/mailbox-pages.js'

const connectionIdOf = ({ receive, send }: Mailbox): string =>
  receive.transport !== 'none' ? receive.connectionId : send.transport !== 'none' ? send.connectionId : ''

export const consoleMailbox = consoleHandler(gateway, async ({ g, tenant, view, params }) => {
  const mailbox = await g.admin.readMailboxFacts(tenant, params['id'] ?? '')
  const [connection, { settings }, received] = await Promise.all([
    g.tokens.readConnectionFacts(tenant, connectionIdOf(mailbox)),
    g.admin.readMailboxSettings(tenant, mailbox.id),
    g.receive.listReceived({ tenant, mailboxId: mailbox.id }, { limit: 50 }),
  ])
  return mailboxPage(view, { mailbox, connection, settings, received: received.mails })
})

app.http('console-mailbox', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'console/mailboxes/{id}',
  handler: consoleMailbox,
})
