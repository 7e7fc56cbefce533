import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { nextRow } from '../lib/http/api/next-row.js'
import { consoleHandler } from '../lib/http/console/console-handler.js'
import { consoleLogLimit, consoleLogQuery } from '../lib/http/console/console-log-query.js'
import { logsPage } from '../lib/pages/console/logs-page.js'

export const consoleLogs = consoleHandler(gateway, async ({ g, tenant, view, query }) => {
  const filter = consoleLogQuery(query)
  const { log, failed, day = '', mailboxId = '', requestId = '' } = filter
  const [rows, mailboxes] = await Promise.all([g.ops.listLog(tenant, filter), g.admin.listMailboxNames(tenant)])
  const next = nextRow(rows, consoleLogLimit)
  return logsPage(view, { log, day, failed, mailboxId, requestId, rows, mailboxes, pages: { query, next } })
})

app.http('console-logs', { methods: ['GET'], authLevel: 'anonymous', route: 'console/logs', handler: consoleLogs })
