import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxChange = apiFunction(operations.mailboxChange, async ({ g, tenant, params, body }) =>
  g.admin.changeMailbox({ tenant, mailboxId: params.id }, body),
)
