import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailSendNow = apiHandler(gateway, operations.mailSendNow, async ({ g, tenant, params }) =>
  g.send.sendMailNow(tenant, params.id),
)

app.http('mail-send-now', trigger(operations.mailSendNow, mailSendNow))
