import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const connectionRetry = apiHandler(gateway, operations.connectionRetry, async ({ g, tenant, params }) =>
  g.retryConnection(tenant, params.id),
)

app.http('connection-retry', trigger(operations.connectionRetry, connectionRetry))
