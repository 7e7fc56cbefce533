import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const signInList = apiHandler(gateway, operations.signInList, async ({ g, tenant, query }) =>
  g.connect.listSignIns(tenant, query),
)

app.http('sign-in-list', trigger(operations.signInList, signInList))
