import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const signInRedeem = apiFunction(operations.signInRedeem, async ({ g, tenant, params, body }) =>
  g.connect.confirmSignIn(tenant, { id: params.id, ...body }),
)
