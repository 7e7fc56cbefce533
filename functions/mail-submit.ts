import { apiFunction } from '../lib/api-function.js'
import { judgedKey } from '../lib/http/api/idempotency-key.js'
import { operations } from '../lib/http/api/operations.js'
import { reply } from '../lib/http/api/reply.js'

export const mailSubmit = apiFunction(operations.mailSubmit, async ({ g, tenant, body, ...call }) => {
  const { key, refused } = judgedKey(call)
  const { mail, created } = await g.send.acceptSubmission(tenant, { input: body, idempotencyKey: key, refused })
  const { id, state, held } = mail
  return reply({ id, state, held, created }, { headers: { location: `/api/v1/mails/${id}` } })
})
