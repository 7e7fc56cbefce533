import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const attentionList = apiHandler(gateway, operations.attentionList, async ({ tenant }) => {
  const { ops } = await gateway()
  return json(await ops.listAttention(tenant))
})

app.http('attention-list', trigger(operations.attentionList, attentionList))
