import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const webhookRemove = apiHandler(gateway, operations.webhookRemove, async ({ g, tenant, params }) =>
  g.admin.removeEndpoint(tenant, params.id),
)

app.http('webhook-remove', trigger(operations.webhookRemove, webhookRemove))
