import { apiFunction } from '../lib/api-function.js'
import { mailSearchOf } from '../lib/http/api/mail-search-of.js'
import { operations } from '../lib/http/api/operations.js'

export const mailList = apiFunction(operations.mailList, async ({ g, tenant, query }) =>
  g.send.searchMails(tenant, mailSearchOf(query)),
)
