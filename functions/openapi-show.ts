import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'
import { version } from '../lib/http/api/version.js'

export const openapiShow = apiFunction(operations.openapiShow, async ({ g }) => {
  const { openApi } = await import('../lib/http/api/open-api.js')
  return openApi(g.config.publicBaseUrl, version)
})
