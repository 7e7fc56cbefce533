import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const connectionPasswordSave = apiFunction(
  operations.connectionPasswordSave,
  async ({ g, tenant, params, body }) => g.connect.changePassword({ tenant, connectionId: params.id }, body),
)
