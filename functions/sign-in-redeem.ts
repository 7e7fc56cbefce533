import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const signInRedeem = apiHandler<{ code: string; binding: string }>(
  gateway,
  operations.signInRedeem,
  async ({ tenant, params, body }) => {
    const { connect } = await gateway()
    return json(await connect.confirmSignIn(tenant, params['id'] ?? '', body))
  },
)

app.http('sign-in-redeem', trigger(operations.signInRedeem, signInRedeem))
