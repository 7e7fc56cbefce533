import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxTestMail = apiHandler<{ to?: string }>(
  gateway,
  operations.mailboxTestMail,
  async ({ tenant, params, body }) => {
    const { send } = await gateway()
    return json(await send.sendTestMail(tenant, params['id'] ?? '', body.to))
  },
)

app.http('mailbox-test-mail', trigger(operations.mailboxTestMail, mailboxTestMail))
