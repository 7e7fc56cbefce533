import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxReconnect = apiFunction(operations.mailboxReconnect, async ({ g, tenant, params, body }) =>
  g.connect.startReconnect({ tenant, mailboxId: params.id }, body),
)
