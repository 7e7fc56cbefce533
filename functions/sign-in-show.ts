import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const signInShow = apiFunction(operations.signInShow, async ({ g, tenant, params }) =>
  g.connect.describeSignIn(tenant, params.id),
)
