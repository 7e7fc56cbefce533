import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const returnUrlAdd = apiHandler(gateway, operations.returnUrlAdd, async ({ g, tenant, body }) =>
  g.admin.addReturnUrl(tenant, body.url),
)

app.http('return-url-add', trigger(operations.returnUrlAdd, returnUrlAdd))
