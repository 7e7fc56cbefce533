import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const returnUrlRemove = apiHandler(gateway, operations.returnUrlRemove, async ({ g, tenant, params }) =>
  g.admin.removeReturnUrl(tenant, params.id),
)

app.http('return-url-remove', trigger(operations.returnUrlRemove, returnUrlRemove))
