import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const tenantShow = apiFunction(operations.tenantShow, async ({ g, tenant }) => g.admin.readTenant(tenant))
