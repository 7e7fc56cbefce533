import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const webhookRemove = apiFunction(operations.webhookRemove, async ({ g, tenant, params }) =>
  g.admin.removeEndpoint(tenant, params.id),
)
