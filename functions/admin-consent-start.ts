import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const adminConsentStart = apiHandler(gateway, operations.adminConsentStart, async ({ g, tenant, body }) =>
  g.connect.startAdminConsent(tenant, body),
)

app.http('admin-consent-start', trigger(operations.adminConsentStart, adminConsentStart))
