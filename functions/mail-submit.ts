import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { judgedKey } from '../lib/http/idempotency-key.js'
import { operations } from '../lib/http/operations.js'
import { reply } from '../lib/http/reply.js'
import { trigger } from '../lib/http/trigger.js'

export const mailSubmit = apiHandler(gateway, operations.mailSubmit, async ({ g, tenant, body, ...call }) => {
  const { key, refused } = judgedKey(call)
  const { mail, created } = await g.send.acceptSubmission(tenant, body, key, refused)
  const { id, state, held } = mail
  return reply({ id, state, held, created }, { headers: { location: `/api/v1/mails/${id}` } })
})

app.http('mail-submit', trigger(operations.mailSubmit, mailSubmit))
