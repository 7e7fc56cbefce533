import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxList = apiFunction(operations.mailboxList, async ({ g, tenant, query }) =>
  g.admin.listMailboxFacts(tenant, query),
)
