import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'
import { version } from '../lib/http/version.js'

export const openapiShow = apiHandler(gateway, operations.openapiShow, async ({ g }) => {
  const { openApi } = await import('../lib/http/open-api.js')
  return openApi(g.config.publicBaseUrl, version)
})

app.http('openapi-show', trigger(operations.openapiShow, openapiShow))
