import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const settingsShow = apiFunction(operations.settingsShow, async ({ g, tenant, query }) =>
  g.admin.readTenantSettings(tenant, query.purpose),
)
