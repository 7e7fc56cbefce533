import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const tenantShow = apiHandler(gateway, operations.tenantShow, async ({ g, tenant }) =>
  g.admin.readTenant(tenant),
)

app.http('tenant-show', trigger(operations.tenantShow, tenantShow))
