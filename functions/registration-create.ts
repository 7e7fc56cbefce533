import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const registrationCreate = apiHandler(gateway, operations.registrationCreate, async ({ g, tenant, body }) =>
  g.registrations.save(tenant, undefined, body),
)

app.http('registration-create', trigger(operations.registrationCreate, registrationCreate))
