/**
 * When a subject wants attention next: one fixed row per subject, so nothing can be scheduled twice or lost in a move.
 * Partition `{kind}~{shard, 00 to 1f}`, row `T~{id}`, columns `dueAt` and `claimedUntil` in milliseconds. A timer
 * claims due rows in batches; the worker that was given the subject sets the next time. A claim that nobody answers
 * falls due again when `claimedUntil` passes.
 */
import { hash } from 'node:crypto'
import { RowChangedError, RowExistsError, RowMissingError } from '../errors.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { changeRow } from './change-row.js'
import { columnsOf } from './columns.js'
import { type Budget, chunksOf, deleteRows, mapInBatches, mostPerTransaction } from './delete-rows.js'
import { ofTenant } from './tenant-ranges.js'

export type DueKind = 'poll' | 'lane' | 'grant' | 'signin' | 'webhook'
const dueShards = 32

/** Which row: of one mailbox (`poll`, `lane`), connection (`grant`), sign-in or webhook endpoint. */
export interface DueKey {
  kind: DueKind
  tenant: string
  id: string
}

export interface DueSubject {
  tenant: string
  id: string
  dueAt: number
}

/** A subject that this timer alone has, until its claim ends. */
export interface ClaimedSubject extends DueSubject {
  claim: { partitionKey: string; rowKey: string; etag: string }
}

/** A claim lasts so long until its message is sent: nobody waits longer for a timer that died in between. */
export const sendingMs = 2 * 60_000
/** And so long while workers have the message. */
const workingMs = 10 * 60_000

const partitionOf = (kind: DueKind, shard: number): string => `${kind}~${shard.toString(16).padStart(2, '0')}`
const partitionsOf = (kind: DueKind): string[] =>
  Array.from({ length: dueShards }, (_, shard) => partitionOf(kind, shard))

function keyOf({ kind, tenant, id }: DueKey) {
  const rowKey = `${tenant}~${id}`
  const shard = hash('sha256', rowKey, 'buffer')[0]! % dueShards
  return { partitionKey: partitionOf(kind, shard), rowKey }
}

/** Sets when the subject is due; unconditional, the last word counts. `Infinity` removes it. */
export async function setDue(deps: Toolbox, subject: DueKey, dueAt: number): Promise<void> {
  const table = deps.names.table('due')
  const key = keyOf(subject)
  if (dueAt === Number.POSITIVE_INFINITY)
    await deps.tables.remove(table, { partitionKey: key.partitionKey, rowKey: key.rowKey })
  else await deps.tables.upsert(table, { ...key, v: 1, dueAt, claimedUntil: 0 })
}

/** Due at `dueAt` unless it is scheduled already, for whenever that is: false. One request. */
export async function setDueIfNone(deps: Toolbox, subject: DueKey, dueAt: number): Promise<boolean> {
  try {
    await deps.tables.insert(deps.names.table('due'), { ...keyOf(subject), v: 1, dueAt, claimedUntil: 0 })
    return true
  } catch (error) {
    if (error instanceof RowExistsError) return false
    throw error
  }
}

/** Due at `dueAt` or before: an earlier time stays, so that nobody who waits is put off. */
export async function setDueAtLatest(deps: Toolbox, subject: DueKey, dueAt: number): Promise<void> {
  const key = keyOf(subject)
  await changeRow(async () => {
    if (await setDueIfNone(deps, subject, dueAt)) return
    const row = await findDue(deps, subject)
    if (row === undefined) throw new RowChangedError('the subject left the schedule just now')
    if (dueAtOf(row) <= dueAt) return
    await deps.tables.update(deps.names.table('due'), { ...key, dueAt, claimedUntil: 0 }, row.etag ?? '')
  })
}

const dueAtOf = (row: Row | undefined): number => columnsOf(row).number('dueAt')

function findDue(deps: Toolbox, subject: DueKey): Promise<Row | undefined> {
  const { partitionKey, rowKey } = keyOf(subject)
  return deps.tables.get(deps.names.table('due'), partitionKey, rowKey)
}

/** When the subject is due, in milliseconds; 0 when it is not scheduled. */
export async function readDueAt(deps: Toolbox, subject: DueKey): Promise<number> {
  return dueAtOf(await findDue(deps, subject))
}

/** Is there a time at which somebody looks at the subject? */
export async function isScheduled(deps: Toolbox, subject: DueKey): Promise<boolean> {
  return (await findDue(deps, subject)) !== undefined
}

/** Every scheduled subject of a tenant, in order. */
export async function dueIds(deps: Toolbox, kind: DueKind, tenant: string): Promise<string[]> {
  const rowRange = ofTenant(tenant)
  const found = await mapInBatches(partitionsOf(kind), async (partition) => {
    const ids: string[] = []
    for await (const row of deps.tables.query(deps.names.table('due'), { partition, rowRange, select: [] }))
      ids.push(row.rowKey.slice(tenant.length + 1))
    return ids
  })
  return found.flat().sort()
}

/**
 * Claims due subjects for `claimMs`, oldest first within a shard, at most `limit`; several timers may do so side by
 * side.
 */
export async function claimDue(
  deps: Toolbox,
  kind: DueKind,
  { limit, claimMs }: { limit: number; claimMs: number },
): Promise<ClaimedSubject[]> {
  const now = deps.clock.now()
  const claimed: ClaimedSubject[] = []
  const shards = partitionsOf(kind)
  const take = async (partition: string): Promise<void> => {
    const rows: Row[] = []
    const where = [
      { column: 'dueAt', is: 'le' as const, value: now },
      { column: 'claimedUntil', is: 'le' as const, value: now },
    ]
    for await (const row of deps.tables.query(deps.names.table('due'), { partition, where })) rows.push(row)
    rows.sort((a, b) => dueAtOf(a) - dueAtOf(b))
    for (let at = 0; at < rows.length && claimed.length < limit; at += 100) {
      const batch = rows.slice(at, at + Math.min(100, limit - claimed.length))
      claimed.push(...(await claimBatch(deps, batch, now + claimMs)))
    }
  }
  for (let at = 0; at < shards.length && claimed.length < limit; at += 8)
    await Promise.all(shards.slice(at, at + 8).map(take))
  return claimed.slice(0, limit)
}

/**
 * The messages of these subjects are sent: workers get more time before another timer claims them. Who was quicker has
 * set the next time already, and the rest of its batch keeps the short claim: a look too many, never one too few.
 */
export async function holdClaims(deps: Toolbox, subjects: ClaimedSubject[]): Promise<void> {
  const claimedUntil = deps.clock.now() + workingMs
  const batches = [...new Set(subjects.map(({ claim }) => claim.partitionKey))].flatMap((partition) => {
    const all = subjects.filter(({ claim }) => claim.partitionKey === partition)
    return chunksOf(all, mostPerTransaction)
  })
  await mapInBatches(batches, async (batch) => {
    const hold = batch.map(({ claim: { etag, ...key } }) => ({
      kind: 'update' as const,
      row: { ...key, claimedUntil },
      etag,
    }))
    try {
      await deps.tables.transaction(deps.names.table('due'), hold)
    } catch (error) {
      if (!(error instanceof RowChangedError) && !(error instanceof RowMissingError)) throw error
    }
  })
}

async function claimBatch(deps: Toolbox, rows: Row[], claimedUntil: number): Promise<ClaimedSubject[]> {
  if (rows.length === 0) return []
  const table = deps.names.table('due')
  const subject = (row: Row, etag: string): ClaimedSubject => {
    const { partitionKey, rowKey } = row
    const [tenant = '', id = ''] = rowKey.split('~')
    return { tenant, id, dueAt: dueAtOf(row), claim: { partitionKey, rowKey, etag } }
  }
  const claim = (row: Row): Row => ({ partitionKey: row.partitionKey, rowKey: row.rowKey, claimedUntil })
  try {
    const etags = await deps.tables.transaction(
      table,
      rows.map((row) => ({ kind: 'update', row: claim(row), etag: row.etag ?? '' })),
    )
    return rows.map((row, at) => subject(row, etags[at] ?? ''))
  } catch (error) {
    if (!(error instanceof RowChangedError)) throw error
  }
  // Somebody moved one row of the batch: take the others one by one.
  const won: ClaimedSubject[] = []
  for (const row of rows) {
    try {
      won.push(subject(row, await deps.tables.update(table, claim(row), row.etag ?? '')))
    } catch (error) {
      if (!(error instanceof RowChangedError)) throw error
    }
  }
  return won
}

/**
 * Takes everything of a tenant off the schedule, with what hangs on each subject first. False when the budget ended.
 */
export async function deleteDue(
  deps: Toolbox,
  { kind, tenant, also }: Pick<DueKey, 'kind' | 'tenant'> & { also?: (id: string) => Promise<unknown> },
  budget: Budget,
): Promise<boolean> {
  const table = deps.names.table('due')
  const rowRange = ofTenant(tenant)
  const shards = partitionsOf(kind)
  for (let at = 0; at < shards.length; at += 8) {
    const found: Row[] = []
    await Promise.all(
      shards.slice(at, at + 8).map(async (partition) => {
        const query = { partition, rowRange, select: [], limit: Math.max(1, budget.left) }
        for await (const row of deps.tables.query(table, query)) found.push(row)
      }),
    )
    if (also !== undefined) await mapInBatches(found, ({ rowKey }) => also(rowKey.slice(tenant.length + 1)))
    await deleteRows(deps, table, found)
    budget.left -= found.length
    if (budget.left <= 0) return false
  }
  return true
}
