import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const webhookAdd = apiHandler<{ url: string }>(gateway, operations.webhookAdd, async ({ tenant, body }) => {
  const { admin } = await gateway()
  const added = await admin.addEndpoint(tenant, body.url)
  return json({ ...added, signingKey: added.signingKey.reveal() }, 201)
})

app.http('webhook-add', trigger(operations.webhookAdd, webhookAdd))
