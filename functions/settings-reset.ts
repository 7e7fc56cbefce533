import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const settingsReset = apiFunction(operations.settingsReset, async ({ g, tenant, query }) =>
  g.admin.saveTenantSettings({ tenant, purpose: query.purpose }, { values: {} }),
)
