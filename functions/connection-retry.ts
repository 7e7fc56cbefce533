import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const connectionRetry = apiFunction(operations.connectionRetry, async ({ g, tenant, params }) =>
  g.admin.retryConnection(tenant, params.id),
)
