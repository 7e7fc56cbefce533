import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const registrationList = apiFunction(operations.registrationList, async ({ g, tenant, query }) =>
  g.admin.listRegistrations(tenant, query),
)
