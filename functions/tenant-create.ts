import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const tenantCreate = apiHandler(gateway, operations.tenantCreate, async ({ g, body }) =>
  g.admin.createTenant(body),
)

app.http('tenant-create', trigger(operations.tenantCreate, tenantCreate))
