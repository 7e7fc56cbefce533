import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxRemove = apiFunction(operations.mailboxRemove, async ({ g, tenant, params, query }) =>
  g.admin.removeMailbox({ tenant, mailboxId: params.id }, query),
)
