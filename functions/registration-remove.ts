import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const registrationRemove = apiFunction(operations.registrationRemove, async ({ g, tenant, params, query }) =>
  g.admin.removeRegistration({ tenant, id: params.id }, query),
)
