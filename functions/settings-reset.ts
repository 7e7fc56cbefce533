import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const settingsReset = apiHandler(gateway, operations.settingsReset, async ({ g, tenant, query }) =>
  g.admin.saveTenantSettings(tenant, query.purpose, {}),
)

app.http('settings-reset', trigger(operations.settingsReset, settingsReset))
