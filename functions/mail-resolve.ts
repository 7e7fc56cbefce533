import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailResolve = apiHandler(gateway, operations.mailResolve, async ({ g, tenant, params, body }) =>
  g.send.resolveMail(tenant, params.id, body.outcome),
)

app.http('mail-resolve', trigger(operations.mailResolve, mailResolve))
