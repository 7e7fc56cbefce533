import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const signInStart = apiFunction(operations.signInStart, async ({ g, caller, tenant, body }) =>
  g.connect.startSignIn({ tenant, role: caller.role }, body),
)
