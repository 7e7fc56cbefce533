import { apiFunction } from '../lib/api-function.js'
import { operations } from '../lib/http/api/operations.js'

export const attentionList = apiFunction(operations.attentionList, async ({ g, tenant, query }) =>
  g.ops.listAttention(tenant, query),
)
