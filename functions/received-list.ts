import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const receivedList = apiHandler(gateway, operations.receivedList, async ({ g, tenant, params, query }) => {
  const { limit, after = '', state } = query
  if (state === undefined) return g.receive.listReceived(tenant, params.id, { limit, after })
  return { mails: await g.receive.listNotImported(tenant, params.id, limit), next: '' }
})

app.http('received-list', trigger(operations.receivedList, receivedList))
