import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const health = apiHandler(gateway, operations.health, async () => {
  const { ops } = await gateway()
  const health = await ops.checkHealth()
  return json(health, health.ok ? 200 : 503)
})

app.http('health', trigger(operations.health, health))
