import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxSettingsReset = apiFunction(operations.mailboxSettingsReset, async ({ g, tenant, params }) => {
  await g.admin.saveMailboxSettings({ tenant, mailboxId: params.id }, { values: {} })
})
