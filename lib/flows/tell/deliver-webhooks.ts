/**
 * Drains one webhook endpoint in order, under a lease of its own: sign (Standard Webhooks), post, remove. A failing
 * endpoint backs off from seconds to an hour and is given up after three days per event; it never delays anything but
 * itself. After the first failure operators see it under attention, after recovery it disappears there.
 */
import { createHmac } from 'node:crypto'
import * as z from 'zod'
import { asGatewayError, type GatewayError, RowMissingError } from '../../errors.js'
import { parse } from '../../model/parse.js'
import type { Row } from '../../ports/tables.js'
import type { WebhookPoster } from '../../ports/webhook-poster.js'
import { clearAttention, raiseAttention } from '../common/attention.js'
import type { Dependencies } from '../common/dependencies.js'
import { claimDue, setDue } from '../common/due.js'
import { takeLease } from '../common/lease.js'

export interface TellDependencies extends Dependencies {
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
  if (endpoint === undefined) return
  const lease = await takeLease(deps.tables, tenants, endpoint, deps.worker, leaseMs)
  if (lease === undefined) return
  const key = await deps.vault.get(deps.names.webhookKey(endpointId))
  let nextAt = Number.POSITIVE_INFINITY
  try {
    const due: Row[] = []
    for await (const row of deps.tables.query(deps.names.table('deliveries'), {
      partition: `${tenant}~${endpointId}`,
      limit: batch + 1,
    }))
      due.push(row)
    for (const row of due.slice(0, batch)) {
      const notBefore = Number(row['notBefore'] ?? 0)
      if (notBefore > deps.clock.now()) {
        nextAt = notBefore
        break
      }
      if (lease.remainingMs() < 25_000) await lease.renew(leaseMs)
      const failure = await deliver(deps, String(endpoint['url']), key?.value.reveal() ?? '', row)
      if (failure !== undefined) {
        nextAt = await postpone(deps, tenant, endpointId, row, failure)
        break
      }
      await deps.tables.remove(deps.names.table('deliveries'), row.partitionKey, row.rowKey)
      await clearAttention(deps, tenant, 'webhook', endpointId)
    }
    if (due.length > batch && nextAt === Number.POSITIVE_INFINITY) nextAt = deps.clock.now()
  } finally {
    await lease.release()
  }
  // An event written while the lease was held found it taken: look once more before letting go.
  if (nextAt === Number.POSITIVE_INFINITY && (await hasDeliveries(deps, tenant, endpointId))) nextAt = deps.clock.now()
  await setDue(deps, 'webhook', tenant, endpointId, nextAt)
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

async function postpone(
  deps: TellDependencies,
  tenant: string,
  endpointId: string,
  row: Row,
  failure: GatewayError,
): Promise<number> {
  const table = deps.names.table('deliveries')
  const attempts = Number(row['attempts'] ?? 0) + 1
  await raiseAttention(deps, tenant, 'webhook', endpointId, failure)
  const bornAt = Number(row.rowKey.slice(0, 13))
  if (deps.clock.now() - bornAt > keepMs) {
    deps.log.warn('webhook-given-up', { tenant, endpointId, code: failure.code })
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

async function hasDeliveries(deps: Dependencies, tenant: string, endpointId: string): Promise<boolean> {
  for await (const _ of deps.tables.query(deps.names.table('deliveries'), {
    partition: `${tenant}~${endpointId}`,
    limit: 1,
  }))
    return true
  return false
}

/** Timer part: endpoints that wait for their next try. */
export async function sweepWebhooks(deps: Dependencies): Promise<number> {
  const due = await claimDue(deps, 'webhook', 1_000, 120_000)
  for (const { tenant, id } of due)
    await deps.queues.send(deps.names.queue('webhook'), { v: 1, tenant, endpointId: id })
  return due.length
}
