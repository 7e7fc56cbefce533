import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { logQuery } from '../lib/http/log-query.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const logList = apiHandler(gateway, operations.logList, async ({ tenant, query }) => {
  const { ops } = await gateway()
  return json(await ops.listLog(tenant, logQuery(query)))
})

app.http('log-list', trigger(operations.logList, logList))
