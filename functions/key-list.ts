import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const keyList = apiFunction(operations.keyList, async ({ g, tenant, query }) =>
  g.admin.listApiKeys(tenant, query),
)
