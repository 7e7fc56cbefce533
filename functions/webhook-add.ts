import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const webhookAdd = apiHandler(gateway, operations.webhookAdd, async ({ g, tenant, body }) => {
  const added = await g.admin.addEndpoint(tenant, body.url)
  return { ...added, signingKey: added.signingKey.reveal() }
})

app.http('webhook-add', trigger(operations.webhookAdd, webhookAdd))
