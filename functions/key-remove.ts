import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const keyRemove = apiHandler(gateway, operations.keyRemove, async ({ g, caller, tenant, params }) =>
  g.admin.revokeApiKey(caller, tenant, params.id),
)

app.http('key-remove', trigger(operations.keyRemove, keyRemove))
