import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const adminConsentList = apiFunction(operations.adminConsentList, async ({ g, tenant, query }) =>
  g.connect.listConsents(tenant, query),
)
