import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const webhookList = apiFunction(operations.webhookList, async ({ g, tenant, query }) =>
  g.admin.listEndpoints(tenant, query),
)
