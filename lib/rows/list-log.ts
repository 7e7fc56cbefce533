/**
 * One day of a log, of the audit log one month, newest first, failures alone when asked. A page goes on behind `after`,
 * the id of the last row before it.
 */
import { invalidInput } from '../errors.js'
import type { LogRow } from '../model/answers/watch-answers.js'
import { isCalendarDay } from '../model/calendar-day.js'
import type { LogName } from '../model/names.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { mapInBatches } from './delete-rows.js'
import { logDay } from './logs.js'
import { behind, wrongPlace } from './page-of-rows.js'

export interface LogQuery {
  log: 'sending' | 'receiving' | 'audit'
  day?: string | undefined
  failed?: boolean | undefined
  mailboxId?: string | undefined
  after?: string | undefined
  limit: number
}

export async function listLog(deps: Toolbox, tenant: string, query: LogQuery): Promise<LogRow[]> {
  const name: LogName = `${query.log}log`
  const isMonth = query.log === 'audit'
  const day = query.day ?? logDay(name, deps.clock.now())
  if (!isCalendarDay((isMonth ? `${day}01` : day).replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')))
    throw invalidInput(
      'day',
      `must be a ${isMonth ? 'month, as yyyymm' : 'day, as yyyymmdd'}, of the calendar; correct it.`,
    )
  const after = query.after ?? ''
  if (after !== '' && !/^\d{13}~[a-z2-7]{6}$/.test(after)) throw wrongPlace()
  const rowRange: [string, string] = [after === '' ? '0' : behind(after), ':']
  const where =
    query.mailboxId === undefined ? [] : [{ column: 'mailboxId', is: 'eq' as const, value: query.mailboxId }]
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
