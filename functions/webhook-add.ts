import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { reply } from '../lib/http/reply.js'
import { trigger } from '../lib/http/trigger.js'

export const webhookAdd = apiHandler(gateway, operations.webhookAdd, async ({ g, tenant, body }) => {
  const { created, signingKey, ...endpoint } = await g.admin.addEndpoint(tenant, body.url)
  return reply({ ...endpoint, signingKey: signingKey.reveal() }, { status: created ? 201 : 200 })
})

app.http('webhook-add', trigger(operations.webhookAdd, webhookAdd))
