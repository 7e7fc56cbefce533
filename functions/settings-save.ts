import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { flagOf } from '../lib/http/flag-of.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'
import type { SettingValues } from '../lib/model/setting.js'

export const settingsSave = apiHandler<SettingValues>(
  gateway,
  operations.settingsSave,
  async ({ tenant, query, body }) => {
    const { admin } = await gateway()
    return json(
      await admin.saveTenantSettings(tenant, query.get('purpose') ?? '', body, {
        dryRun: flagOf(query, 'dryRun'),
      }),
    )
  },
)

app.http('settings-save', trigger(operations.settingsSave, settingsSave))
