import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { limitOf } from '../lib/http/log-query.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const signInList = apiHandler(gateway, operations.signInList, async ({ tenant, query }) => {
  const { connect } = await gateway()
  return json(
    await connect.listSignIns(tenant, {
      state: query.get('state') ?? undefined,
      limit: limitOf(query),
      after: query.get('after') ?? undefined,
    }),
  )
})

app.http('sign-in-list', trigger(operations.signInList, signInList))
