import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'
import { reply } from '../lib/http/api/reply.js'

export const health = apiFunction(operations.health, async ({ g }) => {
  const health = await g.ops.checkHealth()
  return reply(health, { status: health.ok ? 200 : 503 })
})
