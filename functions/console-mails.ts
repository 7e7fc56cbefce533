import { app } from '@azure/functions'
import { asGatewayError } from '../lib/errors.js'
import { gateway } from '../lib/gateway.js'
import { consoleHandler } from '../lib/http/console/console-handler.js'
import { consoleMailQuery } from '../lib/http/console/console-mail-query.js'
import { mailsPage } from '../lib/pages/console/mail-pages.js'

export const consoleMails = consoleHandler(gateway, async ({ g, tenant, view, query }) => {
  const search = async () => g.send.searchMails(tenant, await consoleMailQuery(query))
  const [found, mailboxes] = await Promise.all([
    search().catch((error: unknown) => refusalOf(error)),
    g.admin.listMailboxNames(tenant),
  ])
  const { mails, next, problem } = { problem: '', ...found }
  const ids = mails.map((mail) => mail.mailboxId)
  const places = await g.admin.readMailboxPlaces(tenant, ids)
  return mailsPage(view, { mails, mailboxes, places, problem, pages: { query, next } })
})

/** Said where the form stands, so that it can be corrected there. */
function refusalOf(error: unknown) {
  const { status, description, remedy } = asGatewayError(error)
  if (status >= 500) throw error
  return { mails: [], next: '', problem: `${description} ${remedy}` }
}

app.http('console-mails', { methods: ['GET'], authLevel: 'anonymous', route: 'console/mails', handler: consoleMails })
