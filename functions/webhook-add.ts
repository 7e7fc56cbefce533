import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'
import { reply } from '../lib/http/api/reply.js'

export const webhookAdd = apiFunction(operations.webhookAdd, async ({ g, tenant, body }) => {
  const { created, signingKey, ...endpoint } = await g.admin.addEndpoint(tenant, body.url)
  return reply({ ...endpoint, signingKey: signingKey.reveal() }, { status: created ? 201 : 200 })
})
