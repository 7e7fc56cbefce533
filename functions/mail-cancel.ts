import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailCancel = apiFunction(operations.mailCancel, async ({ g, tenant, params }) =>
  g.send.cancelMail(tenant, params.id),
)
