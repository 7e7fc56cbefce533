import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'
import type { ReconnectInput } from '../lib/model/api-schemas.js'

export const mailboxReconnect = apiHandler<ReconnectInput>(
  gateway,
  operations.mailboxReconnect,
  async ({ tenant, params, body }) => {
    const { connect } = await gateway()
    return json(await connect.startReconnect(tenant, params['id'] ?? '', body))
  },
)

app.http('mailbox-reconnect', trigger(operations.mailboxReconnect, mailboxReconnect))
