import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const adminConsentList = apiHandler(gateway, operations.adminConsentList, async ({ g, tenant, query }) =>
  g.connect.listConsents(tenant, query),
)

app.http('admin-consent-list', trigger(operations.adminConsentList, adminConsentList))
