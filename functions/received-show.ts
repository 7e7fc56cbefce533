import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const receivedShow = apiFunction(operations.receivedShow, async ({ g, tenant, params }) =>
  g.receive.readReceived({ tenant, mailboxId: params.id, id: params.mail }),
)
