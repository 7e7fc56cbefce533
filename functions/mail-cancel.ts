import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailCancel = apiHandler(gateway, operations.mailCancel, async ({ g, tenant, params }) =>
  g.send.cancelMail(tenant, params.id),
)

app.http('mail-cancel', trigger(operations.mailCancel, mailCancel))
