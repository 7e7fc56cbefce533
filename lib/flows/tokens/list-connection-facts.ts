/**
 * How long each connection of a tenant still lives (M-086): when its authority was last renewed, when that happens next,
 * and when it would end if nobody did anything any more. Read from the rows that decide; nothing is kept twice.
 */
import type { Connection } from '../../model/connection.js'
import type { Row, RowQuery } from '../../ports/tables.js'
import { connectionFromRow, connectionPartition, connectionRowKey } from '../common/connection-rows.js'
import { sideBySide } from '../common/delete-rows.js'
import { readDueAt } from '../common/due.js'
import { grantRowKey } from './grant-row.js'
import type { TokenDependencies } from './token-dependencies.js'

export interface ConnectionFacts extends Connection {
  /** ISO dates; empty when there is none. */
  lastRefresh: string
  nextRefresh: string
  /** Refreshes that failed in a row, and the code of the latest. */
  failures: number
  failureCode: string
  projectedDeath: { at: string; why: 'unused' | 'client-secret' } | null
}

/** A Microsoft refresh token ends when it was not used for 90 days; other providers do not say. */
const unusedMs: Partial<Record<Connection['provider'], number>> = { microsoft: 90 * 86_400_000 }

export async function readConnectionFacts(
  deps: TokenDependencies,
  tenant: string,
  id: string,
): Promise<ConnectionFacts | undefined> {
  return (await collect(deps, { partition: connectionPartition(tenant, id) }))[0]
}

export async function listConnectionFacts(deps: TokenDependencies, tenant: string): Promise<ConnectionFacts[]> {
  const facts = await collect(deps, { partitionRange: [`${tenant}~`, `${tenant}~~`] })
  return facts.sort((a, b) => a.username.localeCompare(b.username) || a.id.localeCompare(b.id))
}

async function collect(deps: TokenDependencies, where: RowQuery): Promise<ConnectionFacts[]> {
  const partitions = new Map<string, { connection?: Row; grant?: Row }>()
  for await (const row of deps.tables.query(deps.names.table('connections'), where)) {
    const rows = partitions.get(row.partitionKey) ?? {}
    if (row.rowKey === connectionRowKey) rows.connection = row
    if (row.rowKey === grantRowKey) rows.grant = row
    partitions.set(row.partitionKey, rows)
  }
  return (await sideBySide([...partitions.values()], (rows) => factsOf(deps, rows))).flat()
}

async function factsOf(deps: TokenDependencies, rows: { connection?: Row; grant?: Row }): Promise<ConnectionFacts[]> {
  if (rows.connection === undefined) return []
  const connection = connectionFromRow(rows.connection)
  const lastRefresh = Number(rows.grant?.['refreshedAt'] ?? 0)
  return [
    {
      ...connection,
      lastRefresh: iso(lastRefresh),
      nextRefresh: iso(await readDueAt(deps, 'grant', connection.tenant, connection.id)),
      failures: Number(rows.grant?.['failures'] ?? 0),
      failureCode: String(rows.grant?.['failureCode'] ?? ''),
      projectedDeath: await projectedDeath(deps, connection, lastRefresh),
    },
  ]
}

/** Null when it is dead already, has nothing that ends, or nobody knows. */
async function projectedDeath(
  deps: TokenDependencies,
  { state, mode, provider, tenant, registrationId }: Connection,
  lastRefresh: number,
): Promise<ConnectionFacts['projectedDeath']> {
  if (state === 'needs-reconnect' || state === 'removed' || registrationId === '') return null
  const unused = unusedMs[provider]
  const ends: NonNullable<ConnectionFacts['projectedDeath']>[] = []
  if (mode === 'delegated' && unused !== undefined && lastRefresh > 0)
    ends.push({ at: iso(lastRefresh + unused), why: 'unused' })
  const found = await deps.registrations(tenant, registrationId).catch(() => undefined)
  const secretEnds = Date.parse(found?.registration.secretExpiresAt ?? '')
  if (!Number.isNaN(secretEnds)) ends.push({ at: iso(secretEnds), why: 'client-secret' })
  return ends.sort((a, b) => a.at.localeCompare(b.at))[0] ?? null
}

const iso = (ms: number): string => (ms > 0 && Number.isFinite(ms) ? new Date(ms).toISOString() : '')
