import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const connectionRemove = apiFunction(operations.connectionRemove, async ({ g, tenant, params }) =>
  g.admin.removeConnection(tenant, params.id),
)
