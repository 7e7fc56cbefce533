import { apiFunction } from '../lib/api-function.js'
import { download } from '../lib/http/api/download.js'
import { operations } from '../lib/http/api/operations.js'

export const receivedAttachment = apiFunction(operations.receivedAttachment, async ({ g, tenant, params }) => {
  const { id, mail, index } = params
  const at = /^\d{1,5}$/.test(index) ? Number(index) : -1
  const { bytes, filename } = await g.receive.readReceivedAttachment({ tenant, mailboxId: id, id: mail }, at)
  return download(bytes, `attachment-${at}`, { givenName: filename })
})
