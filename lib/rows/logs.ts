import { RowMissingError } from '../errors.js'
import { newId } from '../model/ids.js'
import type { DayTableName, LogName } from '../model/names.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'

/** Longest text of one log column; the rest is cut with a marker (SEC-41). */
const maxText = 2_000

/** One line for people. Ids and codes, the peer's bounded line; no subjects, bodies or full addresses. */
export interface LogEntry {
  tenant: string
  /** What it is about: `mailboxId`, `mailId`, `connectionId` … as columns. */
  [column: string]: string | number | boolean | undefined
}

/** The last time that thirteen digits can say, in the year 2286. */
export const latest = 9_999_999_999_999
/** Thirteen digits that sort newest first. */
export const inverted = (ms: number): string =>
  String(latest - Math.min(Math.max(Math.trunc(ms), 0), latest)).padStart(13, '0')

export const logDay = (name: DayTableName, ms: number): string =>
  new Date(ms)
    .toISOString()
    .slice(0, name === 'auditlog' ? 7 : 10)
    .replaceAll('-', '')

/** Appends to today's table, newest first; failures also under the error partition. Never fails the flow. */
export async function writeLog(deps: Toolbox, name: LogName, entry: LogEntry, failed = false): Promise<void> {
  const now = deps.clock.now()
  const table = deps.names.log(name, logDay(name, now))
  const hour = new Date(now).toISOString().slice(11, 13)
  const columns: Row = {
    partitionKey: `${entry.tenant}~${hour}`,
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
      const alone = { ...columns, partitionKey: `${entry.tenant}~e~${hour}` }
      await inDayTable(deps, table, () => deps.tables.insert(table, alone))
    }
  } catch {
    deps.log.warn('log-row-dropped', { table: name, tenant: entry.tenant })
  }
}

/** The first write of a day makes its table. */
export async function inDayTable(
  deps: Pick<Toolbox, 'tables'>,
  table: string,
  write: () => Promise<unknown>,
): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!(error instanceof RowMissingError)) throw error
    await deps.tables.ensure(table)
    await write()
  }
}
