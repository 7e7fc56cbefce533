import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const signInStart = apiHandler(gateway, operations.signInStart, async ({ g, caller, tenant, body }) =>
  g.connect.startSignIn(tenant, body, caller.role),
)

app.http('sign-in-start', trigger(operations.signInStart, signInStart))
