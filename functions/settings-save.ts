import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const settingsSave = apiHandler(gateway, operations.settingsSave, async ({ g, tenant, query, body }) =>
  g.admin.saveTenantSettings(tenant, query.purpose, body, query),
)

app.http('settings-save', trigger(operations.settingsSave, settingsSave))
