import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const registrationList = apiHandler(gateway, operations.registrationList, async ({ tenant }) => {
  const { registrations } = await gateway()
  return json(await registrations.list(tenant))
})

app.http('registration-list', trigger(operations.registrationList, registrationList))
