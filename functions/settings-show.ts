import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const settingsShow = apiHandler(gateway, operations.settingsShow, async ({ g, tenant, query }) =>
  g.admin.readTenantSettings(tenant, query.purpose),
)

app.http('settings-show', trigger(operations.settingsShow, settingsShow))
