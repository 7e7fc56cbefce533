import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler } from '../lib/http/console-handler.js'
import { allTenantsPage, overviewPage } from '../lib/pages/console/overview-page.js'

export const consoleOverview = consoleHandler(
  gateway,
  async ({ g, tenant, view }) => {
    if (tenant === '~') {
      const [attention, tenants, health] = await Promise.all([
        g.ops.listAttention('~'),
        g.admin.listTenants(),
        g.ops.checkHealth(),
      ])
      return allTenantsPage(view, { attention, tenants, health })
    }
    const [attention, mailboxes, open] = await Promise.all([
      g.ops.listAttention(tenant),
      g.admin.listMailboxFacts(tenant),
      g.send.searchMails(tenant, { limit: 200, includeDone: false, mailboxId: undefined }),
    ])
    return overviewPage(view, { attention, mailboxes, openMails: open.mails })
  },
  { tenant: false },
)

app.http('console-overview', { methods: ['GET'], authLevel: 'anonymous', route: 'console', handler: consoleOverview })
