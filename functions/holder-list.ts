import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const holderList = apiHandler(gateway, operations.holderList, async ({ g, query }) =>
  g.admin.findHolders(query.address),
)

app.http('holder-list', trigger(operations.holderList, holderList))
