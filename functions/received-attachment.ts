import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { download } from '../lib/http/download.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const receivedAttachment = apiHandler(gateway, operations.receivedAttachment, async ({ g, tenant, params }) => {
  const { id, mail, index } = params
  const at = /^\d{1,5}$/.test(index) ? Number(index) : -1
  const { bytes, filename } = await g.receive.readReceivedAttachment(tenant, id, mail, at)
  return download(bytes, `attachment-${at}`, { givenName: filename })
})

app.http('received-attachment', trigger(operations.receivedAttachment, receivedAttachment))
