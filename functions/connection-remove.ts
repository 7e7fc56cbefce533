import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const connectionRemove = apiHandler(gateway, operations.connectionRemove, async ({ g, tenant, params }) =>
  g.admin.removeConnection(tenant, params.id),
)

app.http('connection-remove', trigger(operations.connectionRemove, connectionRemove))
