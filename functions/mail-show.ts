import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailShow = apiHandler(gateway, operations.mailShow, async ({ g, tenant, params }) =>
  g.send.readMail(tenant, params.id),
)

app.http('mail-show', trigger(operations.mailShow, mailShow))
