import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const registrationCreate = apiFunction(operations.registrationCreate, async ({ g, caller, tenant, body }) =>
  g.admin.saveRegistration({ tenant, by: caller.role }, body),
)
