import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { reply } from '../lib/http/reply.js'
import { trigger } from '../lib/http/trigger.js'

export const health = apiHandler(gateway, operations.health, async ({ g }) => {
  const health = await g.ops.checkHealth()
  return reply(health, { status: health.ok ? 200 : 503 })
})

app.http('health', trigger(operations.health, health))
