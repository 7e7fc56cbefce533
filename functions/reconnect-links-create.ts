import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const reconnectLinksCreate = apiFunction(operations.reconnectLinksCreate, async ({ g, tenant, body }) =>
  g.connect.reconnectMany(tenant, body),
)
