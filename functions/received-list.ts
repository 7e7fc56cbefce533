import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const receivedList = apiFunction(operations.receivedList, async ({ g, tenant, params, query }) => {
  const { state, ...page } = query
  return state === undefined
    ? g.receive.listReceived({ tenant, mailboxId: params.id }, page)
    : g.receive.listNotImported({ tenant, mailboxId: params.id }, page)
})
