import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const webhookList = apiHandler(gateway, operations.webhookList, async ({ g, tenant, query }) =>
  g.admin.listEndpoints(tenant, query),
)

app.http('webhook-list', trigger(operations.webhookList, webhookList))
