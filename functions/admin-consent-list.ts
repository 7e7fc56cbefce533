import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { apiHandler } from '../lib/http/api-handler.js'
import { operations } from '../lib/http/operations.js'
import { json } from '../lib/http/problem.js'
import { trigger } from '../lib/http/trigger.js'

export const adminConsentList = apiHandler(gateway, operations.adminConsentList, async ({ tenant }) => {
  const { connect } = await gateway()
  return json(await connect.listConsents(tenant))
})

app.http('admin-consent-list', trigger(operations.adminConsentList, adminConsentList))
