import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxRetryMails = apiFunction(operations.mailboxRetryMails, async ({ g, tenant, params, query }) =>
  g.send.retryFailedMails({ tenant, mailboxId: params.id }, query),
)
