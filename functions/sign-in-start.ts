import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'
import type { SignInStartInput } from '../lib/model/api-schemas.js'

export const signInStart = apiHandler<SignInStartInput>(
  gateway,
  operations.signInStart,
  async ({ caller, tenant, body }) => {
    const { connect } = await gateway()
    return json(await connect.startSignIn(tenant, body, caller.role), 201)
  },
)

app.http('sign-in-start', trigger(operations.signInStart, signInStart))
