import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const tenantRemove = apiHandler(gateway, operations.tenantRemove, async ({ params }) => {
  const { admin } = await gateway()
  return json(await admin.removeTenant(params['id'] ?? ''), 202)
})

app.http('tenant-remove', trigger(operations.tenantRemove, tenantRemove))
