import { app } from '@azure/functions'
import { invalidInput } from '../lib/errors.js'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { limitOf } from '../lib/http/log-query.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const receivedList = apiHandler(gateway, operations.receivedList, async ({ tenant, params, query }) => {
  const { receive } = await gateway()
  const state = query.get('state')
  if (state !== null && state !== 'not-imported') throw invalidInput('state', 'must be not-imported or left out.')
  return json(
    state !== null
      ? { mails: await receive.listNotImported(tenant, params['id'] ?? '', limitOf(query)), next: '' }
      : await receive.listReceived(tenant, params['id'] ?? '', {
          limit: limitOf(query),
          after: query.get('after') ?? '',
        }),
  )
})

app.http('received-list', trigger(operations.receivedList, receivedList))
