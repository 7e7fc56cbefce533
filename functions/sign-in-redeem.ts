import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const signInRedeem = apiHandler(gateway, operations.signInRedeem, async ({ g, tenant, params, body }) =>
  g.connect.confirmSignIn(tenant, params.id, body),
)

app.http('sign-in-redeem', trigger(operations.signInRedeem, signInRedeem))
