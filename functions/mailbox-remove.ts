import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { flagOf } from '../lib/http/flag-of.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const mailboxRemove = apiHandler(gateway, operations.mailboxRemove, async ({ tenant, params, query }) => {
  const { admin } = await gateway()
  await admin.removeMailbox(tenant, params['id'] ?? '', { force: flagOf(query, 'force') })
  return { status: 204 }
})

app.http('mailbox-remove', trigger(operations.mailboxRemove, mailboxRemove))
