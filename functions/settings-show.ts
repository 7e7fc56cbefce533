import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const settingsShow = apiHandler(gateway, operations.settingsShow, async ({ tenant, query }) => {
  const { admin } = await gateway()
  return json(await admin.readTenantSettings(tenant, query.get('purpose') ?? ''))
})

app.http('settings-show', trigger(operations.settingsShow, settingsShow))
