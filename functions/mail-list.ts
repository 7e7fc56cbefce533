import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { mailSearchOf } from '../lib/http/mail-search-of.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailList = apiHandler(gateway, operations.mailList, async ({ g, tenant, query }) =>
  g.send.searchMails(tenant, mailSearchOf(query)),
)

app.http('mail-list', trigger(operations.mailList, mailList))
