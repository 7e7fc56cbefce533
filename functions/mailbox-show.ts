import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxShow = apiHandler(gateway, operations.mailboxShow, async ({ g, tenant, params }) =>
  g.admin.readMailboxFacts(tenant, params.id),
)

app.http('mailbox-show', trigger(operations.mailboxShow, mailboxShow))
