import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxList = apiHandler(gateway, operations.mailboxList, async ({ g, tenant, query }) =>
  g.admin.listMailboxFacts(tenant, query),
)

app.http('mailbox-list', trigger(operations.mailboxList, mailboxList))
