/**
 * Webhook endpoints of a tenant. An address is one endpoint, however often it is added: an application that adds its
 * own at each start neither hears events twice nor leaves endpoints behind that are tried for days. Each adding shows
 * the same signing key, which lives in the vault.
 */

import { randomBytes } from 'node:crypto'
import { invalidInput, notFound } from '../../errors.js'
import { hashId } from '../../model/ids.js'
import { everyRow } from '../../model/page.js'
import type { Toolbox } from '../../ports/toolbox.js'
import {
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  removeEndpointRow,
  type WebhookEndpoint,
} from '../../rows/webhook-endpoints.js'
import { Secret } from '../../secret.js'
import { forgetEndpoints } from '../tell/emit-event.js'
import { forgetDeliveries } from '../tell/forget-deliveries.js'

export interface AddedEndpoint extends WebhookEndpoint {
  signingKey: Secret
  /** False: it was there before. */
  created: boolean
}

/**
 * The row decides who of two makes the key, so that both are shown the same one; nothing is posted before there is one.
 * Errors: `invalid_input` for a host inside a network; an event for it would never leave (SEC-24).
 */
export async function addEndpoint(deps: Toolbox, tenant: string, given: string): Promise<AddedEndpoint> {
  if (await deps.isForbiddenHost(new URL(given).hostname.replace(/^\[|\]$/g, '')))
    throw invalidInput('url', 'leads to a private or reserved address; give one that can be reached over the internet.')
  const url = new URL(given).href
  // One of an older build has another id than its address gives it.
  const all = await everyRow((page) => listEndpoints(deps, tenant, page), 'webhooks')
  const known = all.find((one) => one.url === url)
  const id = known?.id ?? hashId('endpoint', deps.names.environment, tenant, url)
  const createdAt = known?.createdAt ?? new Date(deps.clock.now()).toISOString()
  const created = known === undefined && (await insertEndpoint(deps, tenant, { id, url, createdAt }))
  const signingKey = (created ? undefined : await keyOf(deps, id)) ?? (await makeKey(deps, id))
  forgetEndpoints(deps, tenant)
  return { id, url, createdAt, signingKey, created }
}

async function makeKey(deps: Toolbox, id: string): Promise<Secret> {
  const key = new Secret(`whsec_${randomBytes(32).toString('base64')}`)
  await deps.vault.set(deps.names.webhookKey(id), key)
  return key
}

/** Whoever made the row may be about to store the key; after a while it is clear that a crash came between. */
async function keyOf(deps: Toolbox, id: string): Promise<Secret | undefined> {
  const read = async () => (await deps.vault.get(deps.names.webhookKey(id)))?.value
  const key = await read()
  if (key !== undefined) return key
  await deps.clock.sleep(2_000)
  return read()
}

export async function removeEndpoint(deps: Toolbox, tenant: string, id: string): Promise<void> {
  if ((await findEndpoint(deps, tenant, id)) === undefined) throw notFound('webhook endpoint')
  await removeEndpointRow(deps, tenant, id)
  forgetEndpoints(deps, tenant)
  await forgetDeliveries(deps, tenant, id)
  await deps.vault.remove(deps.names.webhookKey(id))
}
