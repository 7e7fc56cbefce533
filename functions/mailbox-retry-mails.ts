import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxRetryMails = apiHandler(
  gateway,
  operations.mailboxRetryMails,
  async ({ g, tenant, params, query }) => g.send.retryFailedMails(tenant, params.id, query),
)

app.http('mailbox-retry-mails', trigger(operations.mailboxRetryMails, mailboxRetryMails))
