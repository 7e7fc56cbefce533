import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailRelease = apiFunction(operations.mailRelease, async ({ g, tenant, params }) =>
  g.send.releaseMail(tenant, params.id),
)
