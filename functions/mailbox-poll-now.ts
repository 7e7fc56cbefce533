import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const mailboxPollNow = apiFunction(operations.mailboxPoll, async ({ g, tenant, params }) =>
  g.receive.pollNow({ tenant, mailboxId: params.id }),
)
