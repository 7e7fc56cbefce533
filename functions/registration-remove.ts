import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { flagOf } from '../lib/http/flag-of.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const registrationRemove = apiHandler(
  gateway,
  operations.registrationRemove,
  async ({ tenant, params, query }) => {
    const { registrations } = await gateway()
    await registrations.remove(tenant, params['id'] ?? '', { force: flagOf(query, 'force') })
    return { status: 204 }
  },
)

app.http('registration-remove', trigger(operations.registrationRemove, registrationRemove))
