import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler } from '../lib/http/console/console-handler.js'
import { mailPage } from '../lib/pages/console/mail-pages.js'

export const consoleMail = consoleHandler(gateway, async ({ g, tenant, view, params }) => {
  const mail = await g.send.readMail(tenant, params['id'] ?? '')
  const [mailbox] = await g.admin.readMailboxPlaces(tenant, [mail.mailboxId])
  return mailPage(view, mail, mailbox)
})

app.http('console-mail', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'console/mails/{id}',
  handler: consoleMail,
})
