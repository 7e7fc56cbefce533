import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const connectionList = apiHandler(gateway, operations.connectionList, async ({ g, tenant, query }) =>
  g.tokens.listConnectionFacts(tenant, query),
)

app.http('connection-list', trigger(operations.connectionList, connectionList))
