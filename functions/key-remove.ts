import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const keyRemove = apiHandler(gateway, operations.keyRemove, async ({ caller, tenant, params }) => {
  const { admin } = await gateway()
  await admin.revokeApiKey(caller, tenant, params['id'] ?? '')
  return { status: 204 }
})

app.http('key-remove', trigger(operations.keyRemove, keyRemove))
