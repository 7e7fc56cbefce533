import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailRetry = apiHandler(gateway, operations.mailRetry, async ({ g, tenant, params }) =>
  g.send.retryMail(tenant, params.id),
)

app.http('mail-retry', trigger(operations.mailRetry, mailRetry))
