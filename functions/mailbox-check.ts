import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxCheck = apiFunction(operations.mailboxCheck, async ({ g, tenant, params }) =>
  g.admin.checkMailbox({ tenant, mailboxId: params.id }),
)
