import { apiFunction } from '../lib/api-function.js'
import { nextRow } from '../lib/http/api/next-row.js'
import { operations } from '../lib/http/api/operations.js'

export const logList = apiFunction(operations.logList, async ({ g, tenant, query }) => {
  const { mailbox: mailboxId, ...more } = query
  const rows = await g.ops.listLog(tenant, { ...more, mailboxId })
  return { rows, next: nextRow(rows, query.limit) }
})
