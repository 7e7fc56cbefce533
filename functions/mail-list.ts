import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { flagOf } from '../lib/http/flag-of.js'
import { limitOf } from '../lib/http/log-query.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const mailList = apiHandler(gateway, operations.mailList, async ({ tenant, query }) => {
  const { send } = await gateway()
  return json(
    await send.listMails(tenant, {
      limit: limitOf(query),
      includeDone: flagOf(query, 'includeDone'),
      mailboxId: query.get('mailbox') ?? undefined,
      after: query.get('after') ?? undefined,
    }),
  )
})

app.http('mail-list', trigger(operations.mailList, mailList))
