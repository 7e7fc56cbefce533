import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const returnUrlList = apiHandler(gateway, operations.returnUrlList, async ({ g, tenant, query }) =>
  g.admin.listReturnUrls(tenant, query),
)

app.http('return-url-list', trigger(operations.returnUrlList, returnUrlList))
