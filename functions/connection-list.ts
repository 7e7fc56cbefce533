import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const connectionList = apiFunction(operations.connectionList, async ({ g, tenant, query }) =>
  g.tokens.listConnectionFacts(tenant, query),
)
