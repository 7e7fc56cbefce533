import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const tenantCreate = apiFunction(operations.tenantCreate, async ({ g, body }) => g.admin.createTenant(body))
