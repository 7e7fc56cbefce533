import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const receivedRaw = apiHandler(gateway, operations.receivedRaw, async ({ tenant, params }) => {
  const { receive } = await gateway()
  const raw = await receive.readReceivedRaw(tenant, params['id'] ?? '', params['mail'] ?? '')
  return {
    status: 200,
    headers: {
      'content-type': 'message/rfc822',
      'content-disposition': 'attachment; filename="mail.eml"',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
    body: raw,
  }
})

app.http('received-raw', trigger(operations.receivedRaw, receivedRaw))
