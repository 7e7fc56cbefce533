import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const registrationSave = apiFunction(operations.registrationSave, async ({ g, caller, tenant, params, body }) =>
  g.admin.saveRegistration({ tenant, id: params.id, by: caller.role }, body),
)
