import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const connectionRemove = apiHandler(gateway, operations.connectionRemove, async ({ tenant, params }) => {
  const { admin } = await gateway()
  await admin.removeConnection(tenant, params['id'] ?? '')
  return { status: 204 }
})

app.http('connection-remove', trigger(operations.connectionRemove, connectionRemove))
