import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxImport = apiHandler(gateway, operations.mailboxImport, async ({ g, tenant, params }) =>
  g.receive.importMails(tenant, params.id),
)

app.http('mailbox-import', trigger(operations.mailboxImport, mailboxImport))
