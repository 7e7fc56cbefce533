import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { idempotencyKeyOf } from '../lib/http/idempotency-key.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'
import type { MailSubmission } from '../lib/model/mail-submission.js'

export const mailSubmit = apiHandler<MailSubmission>(
  gateway,
  operations.mailSubmit,
  async ({ tenant, body, request }) => {
    const { send } = await gateway()
    const { mail, created } = await send.acceptMail(tenant, body, idempotencyKeyOf(request))
    return json({ id: mail.id, state: mail.state, held: mail.held, created }, 202, {
      location: `/api/v1/mails/${mail.id}`,
    })
  },
)

app.http('mail-submit', trigger(operations.mailSubmit, mailSubmit))
