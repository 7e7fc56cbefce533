import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailResolve = apiFunction(operations.mailResolve, async ({ g, tenant, params, body }) =>
  g.send.resolveMail(tenant, { id: params.id, outcome: body.outcome }),
)
