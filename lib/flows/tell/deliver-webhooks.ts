/**
 * Drains one webhook endpoint in order, under a lease of its own: sign (Standard Webhooks), post, remove. A failing
 * endpoint backs off from seconds to an hour and is given up after three days per event, which the log then shows; it
 * never delays anything but itself. From the first failure on attention names the event that is refused and what waits
 * behind it; after recovery it disappears there.
 */
import { createHmac } from 'node:crypto'
import { asGatewayError, GatewayError } from '../../errors.js'
import type { GatewayEvent } from '../../model/event.js'
import type { Message } from '../../model/messages.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, raiseAttention } from '../../rows/attention.js'
import {
  type Delivery,
  hasDeliveries,
  listDeliveries,
  postponeDelivery,
  removeDelivery,
} from '../../rows/deliveries.js'
import { setDue } from '../../rows/due.js'
import { fanOut } from '../../rows/fan-out.js'
import { writeLog } from '../../rows/logs.js'
import { enqueue } from '../../rows/messages.js'
import { leaseEndpoint } from '../../rows/webhook-endpoints.js'
import { forgetDeliveries } from './forget-deliveries.js'

const keepMs = 3 * 86_400_000
const leaseMs = 60_000
const batch = 50

/** Queue part. */
export async function deliverMessage(deps: Toolbox, { tenant, endpointId }: Message<'webhook'>): Promise<void> {
  await deliverWebhooks(deps, tenant, endpointId)
}

export async function deliverWebhooks(deps: Toolbox, tenant: string, endpointId: string): Promise<void> {
  const found = await leaseEndpoint(deps, { tenant, endpointId }, leaseMs)
  if (found === undefined) return forgetDeliveries(deps, tenant, endpointId)
  const { endpoint, lease } = found
  if (lease === undefined) return
  const { url } = endpoint
  let nextAt = Number.POSITIVE_INFINITY
  try {
    const key = await deps.vault.get(deps.names.webhookKey(endpointId))
    const due = await listDeliveries(deps, { tenant, endpointId }, batch + 1)
    for (const [at, delivery] of due.slice(0, batch).entries()) {
      if (deps.stopping.aborted) {
        nextAt = deps.clock.now()
        break
      }
      if (delivery.notBefore > deps.clock.now()) {
        nextAt = delivery.notBefore
        break
      }
      if (lease.remainingMs() < 25_000) await lease.renew(leaseMs)
      const failure = key === undefined ? keyMissing() : await deliver(deps, { url, key: key.value.reveal() }, delivery)
      if (failure !== undefined) {
        const behind = due.length - at - 1
        nextAt = await postpone(deps, { tenant, endpointId, url, delivery, behind }, failure)
        break
      }
      await removeDelivery(deps, delivery)
      await clearAttention(deps, { tenant, kind: 'webhook', id: endpointId })
    }
    if (due.length > batch && nextAt === Number.POSITIVE_INFINITY) nextAt = deps.clock.now()
  } finally {
    await lease.release()
  }
  await setDue(deps, { kind: 'webhook', tenant, id: endpointId }, nextAt)
  // An event written while the lease was held found it taken: look once more. The due row goes before that look, so
  // that an event written in between keeps its own.
  if (nextAt === Number.POSITIVE_INFINITY && (await hasDeliveries(deps, { tenant, endpointId }))) {
    nextAt = deps.clock.now()
    await setDue(deps, { kind: 'webhook', tenant, id: endpointId }, nextAt)
  }
  if (nextAt <= deps.clock.now()) await enqueue(deps, 'webhook', { tenant, endpointId })
}

async function deliver(
  deps: Toolbox,
  { url, key }: { url: string; key: string },
  { event: body, eventId: id }: Delivery,
): Promise<GatewayError | undefined> {
  const timestamp = String(Math.floor(deps.clock.now() / 1000))
  try {
    await deps.webhookPoster.post(url, body, {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': sign(key, { id, timestamp, body }),
    })
    return undefined
  } catch (error) {
    return asGatewayError(error)
  }
}

/** `v1,` + base64 HMAC-SHA-256 of `{id}.{timestamp}.{body}` (Standard Webhooks specification). */
export function sign(key: string, { id, timestamp, body }: { id: string; timestamp: string; body: string }): string {
  const bytes = Buffer.from(key.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', bytes).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

function keyMissing(): GatewayError {
  return new GatewayError('webhook_key_missing', 'needs-admin', {
    hint: 'operator',
    description: 'The signing key of the webhook endpoint is not in the vault, and the gateway posts nothing unsigned.',
    remedy: 'Restore the secret, or ask the tenant to add the endpoint again and remove this one.',
  })
}

interface Failed {
  tenant: string
  endpointId: string
  url: string
  delivery: Delivery
  /** Events that wait behind it, counted up to the size of a batch. */
  behind: number
}

async function postpone(deps: Toolbox, failed: Failed, failure: GatewayError): Promise<number> {
  const { tenant, endpointId, delivery, behind } = failed
  // Without its query, which may hold a secret of the tenant's.
  const { origin, pathname } = new URL(failed.url)
  const url = `${origin}${pathname}`
  const attempts = delivery.attempts + 1
  const { id, type } = JSON.parse(delivery.event) as GatewayEvent
  await raiseAttention(
    deps,
    { tenant, kind: 'webhook', id: endpointId, subject: url },
    blocking(failure, { event: `${type} ${id}`, attempts, behind }),
  )
  if (deps.clock.now() - delivery.bornAt > keepMs) {
    deps.log.warn('webhook-given-up', { tenant, endpointId, code: failure.code })
    const columns = { tenant, endpointId, state: 'event-dropped', code: failure.code, class: failure.class }
    const description = `${url} did not accept the event ${type} ${id} for three days, so the gateway drops it. ${failure.description}`
    const remedy =
      "The event stays on the tenant's events queue for seven days, and the API still shows the mail itself."
    await writeLog(deps, 'sendinglog', { ...columns, description, remedy, failed: true })
    await removeDelivery(deps, delivery)
    return deps.clock.now()
  }
  const notBefore =
    deps.clock.now() + Math.max(failure.retryAfterMs ?? 0, Math.min(3_600_000, 5_000 * 2 ** Math.min(attempts - 1, 12)))
  await postponeDelivery(deps, delivery, { attempts, notBefore })
  return notBefore
}

/** One event an endpoint never takes holds up all behind it, so people must see which it is and how to get past it. */
function blocking(
  failure: GatewayError,
  { event, attempts, behind }: { event: string; attempts: number; behind: number },
): GatewayError {
  const waiting = behind === 0 ? '' : ` ${behind >= batch ? `At least ${batch}` : behind} later events wait behind it.`
  return failure.with({
    hint: failure.hint ?? 'endpoint',
    description: `${failure.description} Event ${event}, attempt ${attempts}.${waiting}`,
  })
}

/** Timer part: endpoints that wait for their next try. */
export async function sweepWebhooks(deps: Toolbox): Promise<number> {
  const due = await fanOut(deps, {
    kind: 'webhook',
    limit: 1_000,
    queue: 'webhook',
    perMessage: 1,
    messageOf: ([one]) => ({ tenant: one!.tenant, endpointId: one!.id }),
  })
  return due.length
}
