import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'
import { commit, version } from '../lib/http/api/version.js'

export const versionShow = apiFunction(operations.version, async ({ g }) => ({
  version,
  commit,
  capabilities: g.capabilities,
}))
