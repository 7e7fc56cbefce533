import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const returnUrlAdd = apiHandler<{ url: string }>(gateway, operations.returnUrlAdd, async ({ tenant, body }) => {
  const { admin } = await gateway()
  return json(await admin.addReturnUrl(tenant, body.url), 201)
})

app.http('return-url-add', trigger(operations.returnUrlAdd, returnUrlAdd))
