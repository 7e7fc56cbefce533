import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailShow = apiFunction(operations.mailShow, async ({ g, tenant, params }) =>
  g.send.readMail(tenant, params.id),
)
