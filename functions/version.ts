import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'
import { commit, version } from '../lib/http/version.js'

export const versionShow = apiHandler(gateway, operations.version, async ({ g }) => ({
  version,
  commit,
  capabilities: g.capabilities,
}))

app.http('version', trigger(operations.version, versionShow))
