import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'
import { reply } from '../lib/http/api/reply.js'

export const serverMailboxCreate = apiFunction(
  operations.serverMailboxCreate,
  async ({ g, tenant, body, query: { dryRun } }) =>
    reply(await g.connect.addServerMailbox(tenant, { input: body, dryRun }), dryRun ? { status: 200 } : {}),
)
