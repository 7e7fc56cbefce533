import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const adminConsentStart = apiFunction(operations.adminConsentStart, async ({ g, tenant, body }) =>
  g.connect.startAdminConsent(tenant, body),
)
