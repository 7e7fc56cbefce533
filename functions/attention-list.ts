import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { trigger } from '../lib/http/trigger.js'

export const attentionList = apiHandler(gateway, operations.attentionList, async ({ g, tenant, query }) =>
  g.ops.listAttention(tenant, query),
)

app.http('attention-list', trigger(operations.attentionList, attentionList))
