import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const holderRelease = apiFunction(operations.holderRelease, async ({ g, params }) =>
  g.admin.releaseHolder(params.id),
)
