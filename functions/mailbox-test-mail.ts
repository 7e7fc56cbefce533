import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxTestMail = apiFunction(operations.mailboxTestMail, async ({ g, tenant, params, body }) =>
  g.send.sendTestMail({ tenant, mailboxId: params.id }, body.to),
)
