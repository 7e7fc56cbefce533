import type { TimerName } from '../model/timers.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'

/**
 * One row for all timers, so that one read says how they are; each writes columns of its own, times in milliseconds.
 */
const key = { partitionKey: '~', rowKey: 'timers' }

export interface TimerState {
  /** A run was begun, by whomever. */
  begunAt: number
  /** The timer's own trigger finished a run, or everything woke: while nothing ran at all, no timer was silent. */
  ranAt: number
  /** Whether a card tells that the timer is silent. */
  isTold: boolean
}

export interface Timers {
  row: Row
  /** Of a timer that never ran, the times when they were first looked at. */
  of(timer: TimerName): TimerState
  /** The second clock: the one message that counts, and when it is to be seen. */
  clock: { id: string; dueAt: number; at: number; lostSince: number }
}

const columnsOf = (timer: TimerName) => ({
  begun: `${stem(timer)}BegunAt`,
  ran: `${stem(timer)}RanAt`,
  told: `${stem(timer)}Told`,
})
const stem = (timer: TimerName): string => timer.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

export async function readTimers(deps: Toolbox): Promise<Timers | undefined> {
  const row = await deps.tables.get(deps.names.table('tenants'), key.partitionKey, key.rowKey)
  return row && timersOf(row)
}

export function timersOf(row: Row): Timers {
  const time = (column: string): number => Number(row[column] ?? row['since'] ?? 0)
  return {
    row,
    of: (timer) => {
      const { begun, ran, told } = columnsOf(timer)
      return {
        begunAt: time(begun),
        ranAt: Math.max(time(ran), Number(row['awakeSince'] ?? 0)),
        isTold: row[told] === true,
      }
    },
    clock: {
      id: String(row['clockId'] ?? ''),
      dueAt: Number(row['clockDueAt'] ?? 0),
      at: time('clockAt'),
      lostSince: Number(row['clockLostSince'] ?? 0),
    },
  }
}

export async function writeTimer(deps: Toolbox, timer: TimerName, state: Partial<TimerState>): Promise<void> {
  const { begun, ran, told } = columnsOf(timer)
  const { begunAt, ranAt, isTold } = state
  await deps.tables.upsert(deps.names.table('tenants'), {
    ...key,
    v: 1,
    [begun]: begunAt,
    [ran]: ranAt,
    [told]: isTold,
  })
}

/** The next message of the second clock; `seen`: the row it follows on. Throws when another one was quicker. */
export async function writeClock(
  deps: Toolbox,
  seen: Row | undefined,
  columns: { clockId: string; clockDueAt: number; clockAt?: number; clockLostSince?: number; awakeSince?: number },
): Promise<void> {
  const table = deps.names.table('tenants')
  const row = { ...key, v: 1, since: seen?.['since'] ?? deps.clock.now(), ...columns }
  if (seen === undefined) await deps.tables.insert(table, row)
  else await deps.tables.update(table, row, seen.etag ?? '')
}
