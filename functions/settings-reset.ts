import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const settingsReset = apiHandler(gateway, operations.settingsReset, async ({ tenant, query }) => {
  const { admin } = await gateway()
  await admin.saveTenantSettings(tenant, query.get('purpose') ?? '', {})
  return { status: 204 }
})

app.http('settings-reset', trigger(operations.settingsReset, settingsReset))
