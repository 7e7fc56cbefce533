import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const settingsSave = apiFunction(operations.settingsSave, async ({ g, tenant, query, body }) =>
  g.admin.saveTenantSettings({ tenant, purpose: query.purpose }, { values: body, ...query }),
)
