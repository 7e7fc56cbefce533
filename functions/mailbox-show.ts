import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxShow = apiFunction(operations.mailboxShow, async ({ g, tenant, params }) =>
  g.admin.readMailboxFacts(tenant, params.id),
)
