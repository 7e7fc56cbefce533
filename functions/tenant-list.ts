import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const tenantList = apiHandler(gateway, operations.tenantList, async ({ g, query }) => g.admin.listTenants(query))

app.http('tenant-list', trigger(operations.tenantList, tenantList))
