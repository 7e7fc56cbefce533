import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const signInList = apiFunction(operations.signInList, async ({ g, tenant, query }) =>
  g.connect.listSignIns(tenant, query),
)
