import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleHandler } from '../lib/http/console/console-handler.js'
import { allTenantsPage, overviewPage } from '../lib/pages/console/overview-page.js'

/** What one look takes in; beyond it the page says that there is more. */
const first = { limit: 200 }

export const consoleOverview = consoleHandler(
  gateway,
  async ({ g, tenant, view, query }) => {
    if (tenant === '~') {
      const [broken, { tenants, next }, health] = await Promise.all([
        g.ops.listAttention('~', first),
        g.admin.listTenants({ ...first, after: query.get('after') ?? '' }),
        g.ops.checkHealth(),
      ])
      return allTenantsPage(view, { broken, tenants, health, pages: { query, next } })
    }
    const [broken, boxes, open] = await Promise.all([
      g.ops.listAttention(tenant, first),
      g.admin.listMailboxFacts(tenant, first),
      g.send.searchMails(tenant, { limit: 200, includeDone: false, mailboxId: undefined }),
    ])
    return overviewPage(view, { broken, boxes, openMails: open.mails })
  },
  { tenant: false },
)

app.http('console-overview', { methods: ['GET'], authLevel: 'anonymous', route: 'console', handler: consoleOverview })
