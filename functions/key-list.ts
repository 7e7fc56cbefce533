import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const keyList = apiHandler(gateway, operations.keyList, async ({ g, tenant, query }) =>
  g.admin.listApiKeys(tenant, query),
)

app.http('key-list', trigger(operations.keyList, keyList))
