import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const mailResolve = apiHandler<{ outcome: 'sent' | 'not-sent' | 'resend' }>(
  gateway,
  operations.mailResolve,
  async ({ tenant, params, body }) => {
    const { send } = await gateway()
    return json(await send.resolveMail(tenant, params['id'] ?? '', body.outcome))
  },
)

app.http('mail-resolve', trigger(operations.mailResolve, mailResolve))
