import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const keyRemove = apiFunction(operations.keyRemove, async ({ g, caller, tenant, params }) =>
  g.admin.revokeApiKey({ caller, tenant }, params.id),
)
