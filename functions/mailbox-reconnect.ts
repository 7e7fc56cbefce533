import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxReconnect = apiHandler(gateway, operations.mailboxReconnect, async ({ g, tenant, params, body }) =>
  g.connect.startReconnect(tenant, params.id, body),
)

app.http('mailbox-reconnect', trigger(operations.mailboxReconnect, mailboxReconnect))
