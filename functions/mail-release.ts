import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailRelease = apiHandler(gateway, operations.mailRelease, async ({ g, tenant, params }) =>
  g.send.releaseMail(tenant, params.id),
)

app.http('mail-release', trigger(operations.mailRelease, mailRelease))
