import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const receivedShow = apiHandler(gateway, operations.receivedShow, async ({ g, tenant, params }) =>
  g.receive.readReceived(tenant, params.id, params.mail),
)

app.http('received-show', trigger(operations.receivedShow, receivedShow))
