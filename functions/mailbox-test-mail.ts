import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxTestMail = apiHandler(gateway, operations.mailboxTestMail, async ({ g, tenant, params, body }) =>
  g.send.sendTestMail(tenant, params.id, body.to),
)

app.http('mailbox-test-mail', trigger(operations.mailboxTestMail, mailboxTestMail))
