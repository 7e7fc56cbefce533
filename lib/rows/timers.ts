/**
 * How the timers are: one row `~` / `timers` for all of them, so that one read says it; each writes columns of its own,
 * times in milliseconds.
 */
import type { TimerName } from '../model/timers.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'

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
  /** As it was read, for the next write of the second clock. */
  row: Row
  /** Of a timer that never ran, the times when they were first looked at. */
  of(timer: TimerName): TimerState
  /** The second clock: the one message that counts, and when it is to be seen. */
  clock: { id: string; dueAt: number; at: number; lostSince: number }
}

const columnNames = (timer: TimerName) => ({
  begun: `${stem(timer)}BegunAt`,
  ran: `${stem(timer)}RanAt`,
  told: `${stem(timer)}Told`,
})
const stem = (timer: TimerName): string => timer.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

export async function findTimers(deps: Toolbox): Promise<Timers | undefined> {
  const row = await deps.tables.get(deps.names.table('tenants'), key.partitionKey, key.rowKey)
  return row && timersOf(row)
}

function timersOf(row: Row): Timers {
  const { text, number, flag } = columnsOf(row)
  const time = (column: string): number => number(row[column] === undefined ? 'since' : column)
  return {
    row,
    of: (timer) => {
      const { begun, ran, told } = columnNames(timer)
      return {
        begunAt: time(begun),
        ranAt: Math.max(time(ran), number('awakeSince')),
        isTold: flag(told),
      }
    },
    clock: {
      id: text('clockId'),
      dueAt: number('clockDueAt'),
      at: time('clockAt'),
      lostSince: number('clockLostSince'),
    },
  }
}

export async function writeTimer(deps: Toolbox, timer: TimerName, state: Partial<TimerState>): Promise<void> {
  const { begun, ran, told } = columnNames(timer)
  const { begunAt, ranAt, isTold } = state
  await deps.tables.upsert(deps.names.table('tenants'), {
    ...key,
    v: 1,
    [begun]: begunAt,
    [ran]: ranAt,
    [told]: isTold,
  })
}

/** The next message of the second clock; `seen`: what it follows on. Throws when another one was quicker. */
export async function writeClock(
  deps: Toolbox,
  seen: Timers | undefined,
  columns: { clockId: string; clockDueAt: number; clockAt?: number; clockLostSince?: number; awakeSince?: number },
): Promise<Timers> {
  const table = deps.names.table('tenants')
  const row = { ...key, v: 1, since: seen?.row['since'] ?? deps.clock.now(), ...columns }
  if (seen === undefined) await deps.tables.insert(table, row)
  else await deps.tables.update(table, row, seen.row.etag ?? '')
  return timersOf({ ...seen?.row, ...row })
}
