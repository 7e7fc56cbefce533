import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/operations.js'
import { commit, version } from '../lib/http/version.js'

export const versionShow = apiFunction(operations.version, async ({ g }) => ({
  version,
  commit,
  capabilities: g.capabilities,
}))
