import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const signInReject = apiHandler(gateway, operations.signInReject, async ({ g, tenant, params }) =>
  g.connect.rejectSignIn(tenant, params.id),
)

app.http('sign-in-reject', trigger(operations.signInReject, signInReject))
