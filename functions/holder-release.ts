import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const holderRelease = apiHandler(gateway, operations.holderRelease, async ({ g, params }) =>
  g.admin.releaseHolder(params.id),
)

app.http('holder-release', trigger(operations.holderRelease, holderRelease))
