import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const registrationSave = apiHandler(gateway, operations.registrationSave, async ({ g, tenant, params, body }) =>
  g.registrations.save(tenant, params.id, body),
)

app.http('registration-save', trigger(operations.registrationSave, registrationSave))
