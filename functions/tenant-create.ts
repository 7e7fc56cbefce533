import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'
import type { TenantInput } from '../lib/model/admin-schemas.js'

export const tenantCreate = apiHandler<TenantInput>(gateway, operations.tenantCreate, async ({ body }) => {
  const { admin } = await gateway()
  return json(await admin.createTenant(body), 201)
})

app.http('tenant-create', trigger(operations.tenantCreate, tenantCreate))
