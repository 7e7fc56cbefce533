import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const keyCreate = apiHandler(gateway, operations.keyCreate, async ({ g, caller, tenant, body }) => {
  const created = await g.admin.createApiKey(caller, tenant, body)
  return { ...created, key: created.key.reveal() }
})

app.http('key-create', trigger(operations.keyCreate, keyCreate))
