import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const tenantRemove = apiFunction(operations.tenantRemove, async ({ g, params }) =>
  g.admin.removeTenant(params.id),
)
