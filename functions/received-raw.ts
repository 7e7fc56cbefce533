import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { download } from '../lib/http/download.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const receivedRaw = apiHandler(gateway, operations.receivedRaw, async ({ g, tenant, params }) => {
  const raw = await g.receive.readReceivedRaw(tenant, params.id, params.mail)
  return download(raw, 'mail.eml', { type: 'message/rfc822' })
})

app.http('received-raw', trigger(operations.receivedRaw, receivedRaw))
