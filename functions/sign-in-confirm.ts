import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const signInConfirm = apiFunction(operations.signInConfirm, async ({ g, tenant, params }) =>
  g.connect.confirmByAdmin(tenant, params.id),
)
