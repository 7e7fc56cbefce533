import { RowChangedError } from '../errors.js'
import { newId } from '../model/ids.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'

/**
 * A lease is three columns of a row (`leaseOwner`, `leaseUntil`, `fence`) taken by one conditional update by the
 * storage server's clock. Every later write of the holder carries the ETag, so a paused holder cannot write. A lease
 * never protects an outside effect: ask `remainingMs` before calling out.
 */
export interface Lease {
  /** The row as last written; its columns may be read, its ETag is current. */
  row: Row
  fence: number
  /** Milliseconds left by the storage server's clock as seen when the lease was taken or renewed. */
  remainingMs(): number
  /** Writes columns under the lease (merge); throws RowChangedError when the lease was lost. */
  write(columns: Omit<Row, 'partitionKey' | 'rowKey'>): Promise<void>
  renew(durationMs: number): Promise<void>
  /** Gives the lease back, with last columns; losing it meanwhile is no error. */
  release(columns?: Omit<Row, 'partitionKey' | 'rowKey'>): Promise<void>
}

interface WantedLease {
  table: string
  /** As just read. */
  row: Row
  durationMs: number
  /** Written with it, and with each renewal. */
  columns?: Omit<Row, 'partitionKey' | 'rowKey'>
}

/** `undefined` when somebody was quicker. */
export async function takeLease(
  { tables, worker }: Pick<Toolbox, 'tables' | 'worker'>,
  { table, row, durationMs, columns = {} }: WantedLease,
): Promise<Lease | undefined> {
  const now = await tables.serverNow()
  if (typeof row['leaseUntil'] === 'number' && row['leaseUntil'] > now && row['leaseOwner'] !== '') return undefined
  // Of this taking alone, so that a write whose answer got lost is known again.
  const holder = `${worker}/${newId().slice(0, 8)}`
  const fence = (typeof row['fence'] === 'number' ? row['fence'] : 0) + 1
  const key = { partitionKey: row.partitionKey, rowKey: row.rowKey }
  const held: Row = { ...row }
  let until = 0
  let released = false
  let takenAt = 0

  // One after the other: each write carries the ETag of the one before, and a renewal may come beside any other.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
  const update = async (columns: Omit<Row, 'partitionKey' | 'rowKey'>): Promise<void> => {
    held.etag = await tables.update(table, { ...columns, ...key }, held.etag ?? '')
    Object.assign(held, columns)
  }
  const write: Lease['write'] = (columns) => inTurn(() => update(columns))
  const hold = async (durationMs: number, from: number): Promise<void> => {
    takenAt = performance.now()
    await update({ ...columns, leaseOwner: holder, leaseUntil: from + durationMs, fence })
    until = durationMs
  }

  try {
    await hold(durationMs, now)
  } catch (error) {
    if (!(error instanceof RowChangedError)) throw error
    const now = await tables.get(table, key.partitionKey, key.rowKey)
    if (now?.['leaseOwner'] !== holder) return undefined
    Object.assign(held, now)
    until = durationMs
  }
  return {
    row: held,
    fence,
    remainingMs: () => until - (performance.now() - takenAt),
    write,
    renew: (ms) =>
      inTurn(async () => {
        const now = await tables.serverNow()
        // A renewal that comes late takes nothing back.
        if (!released) await hold(ms, now)
      }),
    release: async (columns = {}) => {
      released = true
      try {
        await write({ ...columns, leaseOwner: '', leaseUntil: 0 })
      } catch (error) {
        if (!(error instanceof RowChangedError)) throw error
      }
    },
  }
}
