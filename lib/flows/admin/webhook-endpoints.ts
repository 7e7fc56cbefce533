/** Webhook endpoints of a tenant; the signing key is shown once and lives in the vault. */

import { randomBytes } from 'node:crypto'
import { invalidInput, notFound } from '../../errors.js'
import { newId } from '../../model/ids.js'
import { Secret } from '../../secret.js'
import type { Dependencies } from '../common/dependencies.js'
import { forgetEndpoints } from '../tell/emit-event.js'
import { forgetDeliveries } from '../tell/forget-deliveries.js'

export interface WebhookEndpoint {
  id: string
  url: string
  createdAt: string
}

export interface EndpointDependencies extends Dependencies {
  /** Is the host, by its name or by what it resolves to now, one that the gateway never posts to? */
  isForbiddenHost?(host: string): Promise<boolean>
}

/** Errors: `invalid_input` for a host inside a network; an event for it would never leave (SEC-24). */
export async function addEndpoint(
  deps: EndpointDependencies,
  tenant: string,
  url: string,
): Promise<WebhookEndpoint & { signingKey: Secret }> {
  if (await deps.isForbiddenHost?.(new URL(url).hostname.replace(/^\[|\]$/g, '')))
    throw invalidInput('url', 'leads to a private or reserved address; give one that is reached over the internet.')
  const id = newId()
  const signingKey = new Secret(`whsec_${randomBytes(32).toString('base64')}`)
  const createdAt = new Date(deps.clock.now()).toISOString()
  await deps.vault.set(deps.names.webhookKey(id), signingKey)
  await deps.tables.insert(deps.names.table('tenants'), {
    partitionKey: tenant,
    rowKey: `endpoint~${id}`,
    v: 1,
    url: new URL(url).href,
    createdAt,
  })
  forgetEndpoints(deps, tenant)
  return { id, url, createdAt, signingKey }
}

export async function listEndpoints(deps: Dependencies, tenant: string): Promise<WebhookEndpoint[]> {
  const endpoints: WebhookEndpoint[] = []
  for await (const row of deps.tables.query(deps.names.table('tenants'), {
    partition: tenant,
    rowRange: ['endpoint~', 'endpoint~~'],
  }))
    endpoints.push({
      id: row.rowKey.slice('endpoint~'.length),
      url: String(row['url']),
      createdAt: String(row['createdAt']),
    })
  return endpoints
}

export async function removeEndpoint(deps: Dependencies, tenant: string, id: string): Promise<void> {
  const table = deps.names.table('tenants')
  if ((await deps.tables.get(table, tenant, `endpoint~${id}`)) === undefined) throw notFound('webhook endpoint')
  await deps.tables.remove(table, tenant, `endpoint~${id}`)
  forgetEndpoints(deps, tenant)
  await forgetDeliveries(deps, tenant, id)
  await deps.vault.remove(deps.names.webhookKey(id))
}
