import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const receivedList = apiHandler(gateway, operations.receivedList, async ({ g, tenant, params, query }) => {
  const { state, ...page } = query
  return state === undefined
    ? g.receive.listReceived(tenant, params.id, page)
    : g.receive.listNotImported(tenant, params.id, page)
})

app.http('received-list', trigger(operations.receivedList, receivedList))
