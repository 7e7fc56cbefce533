import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const returnUrlAdd = apiFunction(operations.returnUrlAdd, async ({ g, tenant, body }) =>
  g.admin.addReturnUrl(tenant, body.url),
)
