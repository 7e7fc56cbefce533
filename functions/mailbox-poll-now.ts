import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxPollNow = apiHandler(gateway, operations.mailboxPoll, async ({ g, tenant, params }) =>
  g.receive.pollNow(tenant, params.id),
)

app.http('mailbox-poll-now', trigger(operations.mailboxPoll, mailboxPollNow))
