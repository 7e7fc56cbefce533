import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxSettingsReset = apiHandler(
  gateway,
  operations.mailboxSettingsReset,
  async ({ g, tenant, params }) => {
    await g.admin.saveMailboxSettings(tenant, params.id, {})
  },
)

app.http('mailbox-settings-reset', trigger(operations.mailboxSettingsReset, mailboxSettingsReset))
