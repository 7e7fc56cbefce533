import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const returnUrlRemove = apiFunction(operations.returnUrlRemove, async ({ g, tenant, params }) =>
  g.admin.removeReturnUrl(tenant, params.id),
)
