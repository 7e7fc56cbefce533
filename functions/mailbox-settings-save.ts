import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxSettingsSave = apiFunction(
  operations.mailboxSettingsSave,
  async ({ g, tenant, params, query, body }) =>
    g.admin.saveMailboxSettings({ tenant, mailboxId: params.id }, { values: body, ...query }),
)
