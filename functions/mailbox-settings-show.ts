import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxSettingsShow = apiFunction(operations.mailboxSettingsShow, async ({ g, tenant, params }) =>
  g.admin.readMailboxSettings(tenant, params.id),
)
