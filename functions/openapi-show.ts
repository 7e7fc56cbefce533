import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/operations.js'
import { version } from '../lib/http/version.js'

export const openapiShow = apiFunction(operations.openapiShow, async ({ g }) => {
  const { openApi } = await import('../lib/http/open-api.js')
  return openApi(g.config.publicBaseUrl, version)
})
