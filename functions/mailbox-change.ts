import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxChange = apiHandler(gateway, operations.mailboxChange, async ({ g, tenant, params, body }) =>
  g.admin.changeMailbox(tenant, params.id, body),
)

app.http('mailbox-change', trigger(operations.mailboxChange, mailboxChange))
