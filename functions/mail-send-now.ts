import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailSendNow = apiFunction(operations.mailSendNow, async ({ g, tenant, params }) =>
  g.send.sendMailNow(tenant, params.id),
)
