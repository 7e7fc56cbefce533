import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const signInReject = apiFunction(operations.signInReject, async ({ g, tenant, params }) =>
  g.connect.rejectSignIn(tenant, params.id),
)
