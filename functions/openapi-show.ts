import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'
import { version } from '../lib/http/version.js'

export const openapiShow = apiHandler(gateway, operations.openapiShow, async () => {
  const [{ config }, { openApi }] = await Promise.all([gateway(), import('../lib/http/open-api.js')])
  return json(await openApi(config.publicBaseUrl, version))
})

app.http('openapi-show', trigger(operations.openapiShow, openapiShow))
