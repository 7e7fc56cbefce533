import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const signInShow = apiHandler(gateway, operations.signInShow, async ({ g, tenant, params }) =>
  g.connect.describeSignIn(tenant, params.id),
)

app.http('sign-in-show', trigger(operations.signInShow, signInShow))
