import { apiFunction } from '../lib/api-function.js'
import { download } from '../lib/http/api/download.js'
import { operations } from '../lib/http/api/operations.js'

export const receivedRaw = apiFunction(operations.receivedRaw, async ({ g, tenant, params }) => {
  const raw = await g.receive.readReceivedRaw({ tenant, mailboxId: params.id, id: params.mail })
  return download(raw, 'mail.eml', { type: 'message/rfc822' })
})
