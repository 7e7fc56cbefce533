import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'
import type { RegistrationInput } from '../lib/model/admin-schemas.js'

export const registrationCreate = apiHandler<RegistrationInput>(
  gateway,
  operations.registrationCreate,
  async ({ tenant, body }) => {
    const { registrations } = await gateway()
    return json(await registrations.save(tenant, undefined, body), 201)
  },
)

app.http('registration-create', trigger(operations.registrationCreate, registrationCreate))
