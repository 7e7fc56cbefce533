import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'
import type { ApiKeyInput } from '../lib/model/admin-schemas.js'

export const keyCreate = apiHandler<ApiKeyInput>(gateway, operations.keyCreate, async ({ caller, tenant, body }) => {
  const { admin } = await gateway()
  const created = await admin.createApiKey(caller, tenant, body)
  return json({ ...created, key: created.key.reveal() }, 201)
})

app.http('key-create', trigger(operations.keyCreate, keyCreate))
