import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const returnUrlList = apiFunction(operations.returnUrlList, async ({ g, tenant, query }) =>
  g.admin.listReturnUrls(tenant, query),
)
