import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const registrationList = apiHandler(gateway, operations.registrationList, async ({ g, tenant, query }) =>
  g.registrations.page(tenant, query),
)

app.http('registration-list', trigger(operations.registrationList, registrationList))
