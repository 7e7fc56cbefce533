import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { nextRow } from '../lib/http/next-row.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const logList = apiHandler(gateway, operations.logList, async ({ g, tenant, query }) => {
  const { mailbox: mailboxId, ...more } = query
  const rows = await g.ops.listLog(tenant, { ...more, mailboxId })
  return { rows, next: nextRow(rows, query.limit) }
})

app.http('log-list', trigger(operations.logList, logList))
