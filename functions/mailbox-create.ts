import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxCreate = apiFunction(operations.mailboxCreate, async ({ g, tenant, body }) =>
  g.connect.addMailbox(tenant, body),
)
