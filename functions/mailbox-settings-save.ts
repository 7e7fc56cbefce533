import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxSettingsSave = apiHandler(
  gateway,
  operations.mailboxSettingsSave,
  async ({ g, tenant, params, query, body }) => g.admin.saveMailboxSettings(tenant, params.id, body, query),
)

app.http('mailbox-settings-save', trigger(operations.mailboxSettingsSave, mailboxSettingsSave))
