import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxSettingsShow = apiHandler(gateway, operations.mailboxSettingsShow, async ({ g, tenant, params }) =>
  g.admin.readMailboxSettings(tenant, params.id),
)

app.http('mailbox-settings-show', trigger(operations.mailboxSettingsShow, mailboxSettingsShow))
