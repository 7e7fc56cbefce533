import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxCreate = apiHandler(gateway, operations.mailboxCreate, async ({ g, tenant, body }) =>
  g.connect.addMailbox(tenant, body),
)

app.http('mailbox-create', trigger(operations.mailboxCreate, mailboxCreate))
