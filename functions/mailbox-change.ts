import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'
import type { MailboxChange } from '../lib/model/admin-schemas.js'

export const mailboxChange = apiHandler<MailboxChange>(
  gateway,
  operations.mailboxChange,
  async ({ tenant, params, body }) => {
    const { admin } = await gateway()
    return json(await admin.changeMailbox(tenant, params['id'] ?? '', body))
  },
)

app.http('mailbox-change', trigger(operations.mailboxChange, mailboxChange))
