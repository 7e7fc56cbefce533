/**
 * The logs for people: one row per attempt, per eventful poll, per change, in a table for each day. Partition
 * `T~{hour}`, failures also `T~e~{hour}`; row `{inverted time}~{random}`, newest first. Ids and codes, the peer's
 * bounded line; no subjects, bodies or full addresses. What a column means stands in the schema of the answer
 * (model/answers/watch-answers.ts).
 */
import { invalidInput } from '../errors.js'
import type { LogRow } from '../model/answers/watch-answers.js'
import { isCalendarDay } from '../model/calendar-day.js'
import { newId } from '../model/ids.js'
import type { LogName } from '../model/names.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { dayOf, inDayTable, inverted } from './day-tables.js'
import { mapInBatches } from './delete-rows.js'
import { behind, wrongPlace } from './page-of-rows.js'

type Verdict = 'code' | 'class' | 'description' | 'remedy' | 'peerLine'
type Sent = 'mailId' | 'mailboxId' | 'state' | 'attempt' | 'bytes' | 'recipients' | 'recipientCount' | 'refusedCount'
type Polled = 'mailboxId' | 'receivedId' | 'outcome' | 'handedOver' | 'quarantined' | 'duplicates' | 'resynced'
type Done = 'action' | 'subject' | 'role' | 'keyId' | 'connectionId' | 'signInId' | 'allowed' | 'changes' | 'revocation'

/** Beside tenant and time. */
interface LogColumns {
  sendinglog: Verdict | Sent | 'endpointId' | 'messageId' | 'queueMessageId'
  receivinglog: Verdict | Polled | 'failures' | 'attempts' | 'state' | 'messageId'
  auditlog: Done | 'code' | 'peerLine' | 'requestId' | 'trace'
}

/** What one log takes; `failed` also writes it where failures alone are listed. */
export type LogEntry<L extends LogName> = { tenant: string; failed?: boolean } & {
  [C in LogColumns[L]]?: LogRow[C] | undefined
}

/** Longest text of one column; the rest is cut with a marker (SEC-41). */
const maxText = 2_000

/** Appends to today's table. Never fails the flow. */
export async function writeLog<L extends LogName>(deps: Toolbox, name: L, entry: LogEntry<L>): Promise<void> {
  const { tenant, failed = false } = entry
  const now = deps.clock.now()
  const table = deps.names.log(name, dayOf(name, now))
  const hour = new Date(now).toISOString().slice(11, 13)
  const columns: Row = {
    partitionKey: `${tenant}~${hour}`,
    rowKey: `${inverted(now)}~${newId().slice(0, 6)}`,
    v: 1,
  }
  for (const [column, value] of Object.entries(entry))
    columns[column] = typeof value === 'string' && value.length > maxText ? `${value.slice(0, maxText)}… [cut]` : value
  columns['at'] = new Date(now).toISOString()
  columns['failed'] = failed
  try {
    await inDayTable(deps, table, () => deps.tables.insert(table, columns))
    if (failed) {
      const alone = { ...columns, partitionKey: `${tenant}~e~${hour}` }
      await inDayTable(deps, table, () => deps.tables.insert(table, alone))
    }
  } catch {
    deps.log.warn('log-row-dropped', { table: name, tenant })
  }
}

export interface LogQuery {
  log: 'sending' | 'receiving' | 'audit'
  /** `yyyymmdd`, of the audit log `yyyymm`; absent: the present one. */
  day?: string | undefined
  failed?: boolean | undefined
  mailboxId?: string | undefined
  /** What a page of a refused sign-in shows (M-127). */
  requestId?: string | undefined
  /** Id of the last row of the page before. */
  after?: string | undefined
  limit: number
}

/** One day of a log, of the audit log one month, newest first, failures alone when asked. */
export async function listLog(deps: Toolbox, tenant: string, query: LogQuery): Promise<LogRow[]> {
  const name: LogName = `${query.log}log`
  const isMonth = query.log === 'audit'
  const day = query.day ?? dayOf(name, deps.clock.now())
  if (!isCalendarDay((isMonth ? `${day}01` : day).replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')))
    throw invalidInput('day', `must be a calendar ${isMonth ? 'month as yyyymm' : 'day as yyyymmdd'}; correct it.`)
  const after = query.after ?? ''
  if (after !== '' && !/^\d{13}~[a-z2-7]{6}$/.test(after)) throw wrongPlace()
  const rowRange: [string, string] = [after === '' ? '0' : behind(after), ':']
  const where = (['mailboxId', 'requestId'] as const).flatMap((column) => {
    const value = query[column]
    return value === undefined ? [] : [{ column, is: 'eq' as const, value }]
  })
  const ofHour = async (hour: number, limit: number): Promise<LogRow[]> => {
    const partition = `${tenant}~${query.failed ? 'e~' : ''}${String(hour).padStart(2, '0')}`
    const rows: LogRow[] = []
    for await (const row of deps.tables.query(deps.names.log(name, day), { partition, rowRange, where, limit }))
      rows.push(plain(row))
    return rows
  }
  // In a month each hour of the day holds rows of every day: only all of them together are in order.
  if (isMonth) {
    const hours = await mapInBatches([...Array(24).keys()], (hour) => ofHour(hour, query.limit))
    return hours.flat().sort(byId).slice(0, query.limit)
  }
  const rows: LogRow[] = []
  for (let hour = 23; hour >= 0 && rows.length < query.limit; hour--)
    rows.push(...(await ofHour(hour, query.limit - rows.length)))
  return rows
}

const byId = (a: LogRow, b: LogRow): number => (a.id < b.id ? -1 : 1)

function plain(row: Row): LogRow {
  const result: Record<string, string | number | boolean> = { id: row.rowKey }
  for (const [column, value] of Object.entries(row))
    if (!['partitionKey', 'rowKey', 'etag', 'v', 'timestamp'].includes(column) && value !== undefined)
      result[column] = value instanceof Date ? value.toISOString() : value
  return result as unknown as LogRow
}
