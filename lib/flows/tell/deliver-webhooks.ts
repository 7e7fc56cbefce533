/**
 * Drains one webhook endpoint in order, under a lease of its own: sign (Standard Webhooks), post, remove. A failing
 * endpoint backs off from seconds to an hour and is given up after three days per event, which the log then shows; it
 * never delays anything but itself. From the first failure on attention names the event that is refused and what waits
 * behind it; after recovery it disappears there.
 */
import { createHmac } from 'node:crypto'
import * as z from 'zod'
import { asGatewayError, GatewayError, RowMissingError } from '../../errors.js'
import type { GatewayEvent } from '../../model/event.js'
import { parse } from '../../model/parse.js'
import type { Row } from '../../ports/tables.js'
import type { Toolbox } from '../../ports/toolbox.js'
import type { WebhookPoster } from '../../ports/webhook-poster.js'
import { clearAttention, raiseAttention } from '../../rows/attention.js'
import { claimDue, setDue } from '../../rows/due.js'
import { takeLease } from '../../rows/lease.js'
import { writeLog } from '../../rows/logs.js'
import { forgetDeliveries } from './forget-deliveries.js'

export interface TellDependencies extends Toolbox {
  webhookPoster: WebhookPoster
}

const keepMs = 3 * 86_400_000
const leaseMs = 60_000
const batch = 50

const messageSchema = z.object({ v: z.literal(1), tenant: z.string().max(32), endpointId: z.string().max(32) })

/** Queue part. */
export async function deliverMessage(deps: TellDependencies, message: unknown): Promise<void> {
  const { tenant, endpointId } = parse(messageSchema, message)
  await deliverWebhooks(deps, tenant, endpointId)
}

export async function deliverWebhooks(deps: TellDependencies, tenant: string, endpointId: string): Promise<void> {
  const tenants = deps.names.table('tenants')
  const endpoint = await deps.tables.get(tenants, tenant, `endpoint~${endpointId}`)
  if (endpoint === undefined) return forgetDeliveries(deps, tenant, endpointId)
  const lease = await takeLease(deps.tables, tenants, endpoint, deps.worker, leaseMs)
  if (lease === undefined) return
  const url = String(endpoint['url'])
  let nextAt = Number.POSITIVE_INFINITY
  try {
    const key = await deps.vault.get(deps.names.webhookKey(endpointId))
    const due: Row[] = []
    for await (const row of deps.tables.query(deps.names.table('deliveries'), {
      partition: `${tenant}~${endpointId}`,
      limit: batch + 1,
    }))
      due.push(row)
    for (const [at, row] of due.slice(0, batch).entries()) {
      const notBefore = Number(row['notBefore'] ?? 0)
      if (deps.stopping.aborted) {
        nextAt = deps.clock.now()
        break
      }
      if (notBefore > deps.clock.now()) {
        nextAt = notBefore
        break
      }
      if (lease.remainingMs() < 25_000) await lease.renew(leaseMs)
      const failure = key === undefined ? keyMissing() : await deliver(deps, url, key.value.reveal(), row)
      if (failure !== undefined) {
        const behind = due.length - at - 1
        nextAt = await postpone(deps, { tenant, endpointId, url, row, behind }, failure)
        break
      }
      await deps.tables.remove(deps.names.table('deliveries'), row.partitionKey, row.rowKey)
      await clearAttention(deps, { tenant, kind: 'webhook', id: endpointId })
    }
    if (due.length > batch && nextAt === Number.POSITIVE_INFINITY) nextAt = deps.clock.now()
  } finally {
    await lease.release()
  }
  await setDue(deps, 'webhook', tenant, endpointId, nextAt)
  // An event written while the lease was held found it taken: look once more. The due row goes before that look, so
  // that an event written in between keeps its own.
  if (nextAt === Number.POSITIVE_INFINITY && (await hasDeliveries(deps, tenant, endpointId))) {
    nextAt = deps.clock.now()
    await setDue(deps, 'webhook', tenant, endpointId, nextAt)
  }
  if (nextAt <= deps.clock.now()) await deps.queues.send(deps.names.queue('webhook'), { v: 1, tenant, endpointId })
}

async function deliver(deps: TellDependencies, url: string, key: string, row: Row): Promise<GatewayError | undefined> {
  const body = String(row['event'])
  const id = row.rowKey.slice(row.rowKey.indexOf('~') + 1)
  const timestamp = String(Math.floor(deps.clock.now() / 1000))
  try {
    await deps.webhookPoster.post(url, body, {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': sign(key, id, timestamp, body),
    })
    return undefined
  } catch (error) {
    return asGatewayError(error)
  }
}

/** `v1,` + base64 HMAC-SHA-256 of `{id}.{timestamp}.{body}` (Standard Webhooks specification). */
export function sign(key: string, id: string, timestamp: string, body: string): string {
  const bytes = Buffer.from(key.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', bytes).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

function keyMissing(): GatewayError {
  return new GatewayError('webhook_key_missing', 'needs-admin', {
    hint: 'operator',
    description: 'The signing key of the webhook endpoint is not in the vault; nothing is posted unsigned.',
    remedy: 'Restore the secret, or let the tenant add the endpoint anew and remove this one.',
  })
}

interface Delivery {
  tenant: string
  endpointId: string
  url: string
  row: Row
  /** Events that wait behind it, counted up to the size of a batch. */
  behind: number
}

async function postpone(deps: TellDependencies, delivery: Delivery, failure: GatewayError): Promise<number> {
  const { tenant, endpointId, row, behind } = delivery
  // Without its query, which may hold a secret of the tenant's.
  const { origin, pathname } = new URL(delivery.url)
  const url = `${origin}${pathname}`
  const table = deps.names.table('deliveries')
  const attempts = Number(row['attempts'] ?? 0) + 1
  const { id, type } = JSON.parse(String(row['event'])) as GatewayEvent
  await raiseAttention(
    deps,
    { tenant, kind: 'webhook', id: endpointId, subject: url },
    blocking(failure, `${type} ${id}`, attempts, behind),
  )
  const bornAt = Number(row.rowKey.slice(0, 13))
  if (deps.clock.now() - bornAt > keepMs) {
    deps.log.warn('webhook-given-up', { tenant, endpointId, code: failure.code })
    const columns = { tenant, endpointId, state: 'event-dropped', code: failure.code, class: failure.class }
    const description = `The event ${type} ${id} was not taken by ${url} for three days and is dropped. ${failure.description}`
    const remedy = "It stays on the tenant's events queue for seven days; the mail itself can be read over the API."
    await writeLog(deps, 'sendinglog', { ...columns, description, remedy, failed: true })
    await deps.tables.remove(table, row.partitionKey, row.rowKey)
    return deps.clock.now()
  }
  const notBefore =
    deps.clock.now() + Math.max(failure.retryAfterMs ?? 0, Math.min(3_600_000, 5_000 * 2 ** Math.min(attempts - 1, 12)))
  try {
    await deps.tables.update(
      table,
      { partitionKey: row.partitionKey, rowKey: row.rowKey, attempts, notBefore },
      row.etag ?? '',
    )
  } catch (error) {
    if (!(error instanceof RowMissingError)) throw error
  }
  return notBefore
}

/** One event an endpoint never takes holds up all behind it, so people must see which it is and how to get past it. */
function blocking(failure: GatewayError, event: string, attempts: number, behind: number): GatewayError {
  const waiting = behind === 0 ? '' : ` ${behind >= batch ? `At least ${batch}` : behind} later events wait behind it.`
  return new GatewayError(failure.code, failure.class, {
    hint: failure.hint ?? 'endpoint',
    description: `${failure.description} Event ${event}, attempt ${attempts}.${waiting}`,
    remedy: failure.remedy,
  })
}

async function hasDeliveries(deps: Toolbox, tenant: string, endpointId: string): Promise<boolean> {
  for await (const _ of deps.tables.query(deps.names.table('deliveries'), {
    partition: `${tenant}~${endpointId}`,
    limit: 1,
  }))
    return true
  return false
}

/** Timer part: endpoints that wait for their next try. */
export async function sweepWebhooks(deps: Toolbox): Promise<number> {
  const due = await claimDue(deps, 'webhook', 1_000, 120_000)
  for (const { tenant, id } of due)
    await deps.queues.send(deps.names.queue('webhook'), { v: 1, tenant, endpointId: id })
  return due.length
}
