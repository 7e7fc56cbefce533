import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const registrationRetry = apiFunction(operations.registrationRetry, async ({ g, tenant, params }) =>
  g.admin.retryRegistration(tenant, params.id),
)
