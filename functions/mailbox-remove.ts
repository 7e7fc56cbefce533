import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxRemove = apiHandler(gateway, operations.mailboxRemove, async ({ g, tenant, params, query }) =>
  g.admin.removeMailbox(tenant, params.id, query),
)

app.http('mailbox-remove', trigger(operations.mailboxRemove, mailboxRemove))
