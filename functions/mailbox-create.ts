import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'
import type { MailboxCreateInput } from '../lib/model/api-schemas.js'

export const mailboxCreate = apiHandler<MailboxCreateInput>(
  gateway,
  operations.mailboxCreate,
  async ({ tenant, body }) => {
    const { connect } = await gateway()
    return json(await connect.addMailbox(tenant, body), 201)
  },
)

app.http('mailbox-create', trigger(operations.mailboxCreate, mailboxCreate))
