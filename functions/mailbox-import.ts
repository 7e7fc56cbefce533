import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxImport = apiFunction(operations.mailboxImport, async ({ g, tenant, params }) =>
  g.receive.importMails({ tenant, mailboxId: params.id }),
)
