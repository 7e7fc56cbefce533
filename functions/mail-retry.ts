import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailRetry = apiFunction(operations.mailRetry, async ({ g, tenant, params }) =>
  g.send.retryMail(tenant, params.id),
)
