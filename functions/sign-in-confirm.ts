import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const signInConfirm = apiHandler(gateway, operations.signInConfirm, async ({ g, tenant, params }) =>
  g.connect.confirmByAdmin(tenant, params.id),
)

app.http('sign-in-confirm', trigger(operations.signInConfirm, signInConfirm))
