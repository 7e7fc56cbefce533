import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxCheck = apiHandler(gateway, operations.mailboxCheck, async ({ g, tenant, params }) =>
  g.checkMailbox(tenant, params.id),
)

app.http('mailbox-check', trigger(operations.mailboxCheck, mailboxCheck))
