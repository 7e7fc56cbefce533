import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'
import type { AdminConsentInput } from '../lib/model/api-schemas.js'

export const adminConsentStart = apiHandler<AdminConsentInput>(
  gateway,
  operations.adminConsentStart,
  async ({ tenant, body }) => {
    const { connect } = await gateway()
    return json(await connect.startAdminConsent(tenant, body), 201)
  },
)

app.http('admin-consent-start', trigger(operations.adminConsentStart, adminConsentStart))
