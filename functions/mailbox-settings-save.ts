import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { flagOf } from '../lib/http/flag-of.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'
import type { SettingValues } from '../lib/model/setting.js'

export const mailboxSettingsSave = apiHandler<SettingValues>(
  gateway,
  operations.mailboxSettingsSave,
  async ({ tenant, params, query, body }) => {
    const { admin } = await gateway()
    return json(await admin.saveMailboxSettings(tenant, params['id'] ?? '', body, { dryRun: flagOf(query, 'dryRun') }))
  },
)

app.http('mailbox-settings-save', trigger(operations.mailboxSettingsSave, mailboxSettingsSave))
