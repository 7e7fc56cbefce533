/** Creates the demo tenant as an operator would, through the API and only once; a restart finds it again. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ApiError, apiClient } from './api-client.js'
import { demo } from './emulators/demo-directory.js'
import type { Stack } from './stack.js'

export interface DemoTenant {
  tenant: string
  appKey: string
  adminKey: string
  registrationId: string
}

export const demoTenantId = 'demo'

export async function demoTenant(stack: Stack, folder?: string): Promise<DemoTenant> {
  const kept = folder === undefined ? undefined : read(folder)
  if (kept !== undefined) return kept
  const operator = apiClient(stack.url, stack.operatorKey())
  try {
    await operator.call('POST', 'v1/tenants', { id: demoTenantId, name: 'Demo Company' })
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.code !== 'tenant_exists') throw error
  }
  const forTenant = apiClient(stack.url, stack.operatorKey(), demoTenantId)
  const app = await forTenant.call<{ key: string }>('POST', 'v1/keys', { role: 'app', name: 'demo app' })
  const admin = await forTenant.call<{ key: string }>('POST', 'v1/keys', { role: 'tenant-admin', name: 'demo admin' })
  const registration = await forTenant.call<{ id: string }>('POST', 'v1/registrations', {
    name: 'Demo registration',
    kind: 'microsoft',
    clientId: demo.clientId,
    directory: 'organizations',
    clientSecret: demo.clientSecret,
  })
  const made: DemoTenant = {
    tenant: demoTenantId,
    appKey: app.key,
    adminKey: admin.key,
    registrationId: registration.id,
  }
  if (folder !== undefined) writeFileSync(join(folder, 'demo-tenant.json'), JSON.stringify(made), { mode: 0o600 })
  return made
}

function read(folder: string): DemoTenant | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'demo-tenant.json'), 'utf8')) as DemoTenant
  } catch {
    return undefined
  }
}
