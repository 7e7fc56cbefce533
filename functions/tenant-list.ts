import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const tenantList = apiFunction(operations.tenantList, async ({ g, query }) => g.admin.listTenants(query))
