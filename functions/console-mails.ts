import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler } from '../lib/http/console-handler.js'
import { mailsPage } from '../lib/pages/console/mail-pages.js'

const limit = 200

export const consoleMails = consoleHandler(gateway, async ({ g, tenant, view, query }) => {
  const mailboxId = query.get('mailbox') ?? ''
  const includeDone = query.get('done') === 'true'
  const [{ mails }, mailboxes] = await Promise.all([
    g.send.searchMails(tenant, { limit, includeDone, mailboxId: mailboxId === '' ? undefined : mailboxId }),
    g.admin.listMailboxFacts(tenant),
  ])
  return mailsPage(view, { mails, mailboxes, mailboxId, includeDone, limit })
})

app.http('console-mails', { methods: ['GET'], authLevel: 'anonymous', route: 'console/mails', handler: consoleMails })
