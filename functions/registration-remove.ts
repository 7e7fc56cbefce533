import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const registrationRemove = apiHandler(
  gateway,
  operations.registrationRemove,
  async ({ g, tenant, params, query }) => g.registrations.remove(tenant, params.id, query),
)

app.http('registration-remove', trigger(operations.registrationRemove, registrationRemove))
