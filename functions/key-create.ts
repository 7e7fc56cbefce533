import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const keyCreate = apiFunction(operations.keyCreate, async ({ g, caller, tenant, body }) => {
  const created = await g.admin.createApiKey({ caller, tenant }, body)
  return { ...created, key: created.key.reveal() }
})
