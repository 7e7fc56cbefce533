import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const tenantRemove = apiHandler(gateway, operations.tenantRemove, async ({ g, params }) =>
  g.admin.removeTenant(params.id),
)

app.http('tenant-remove', trigger(operations.tenantRemove, tenantRemove))
