/**
 * One table for each day (of the audit log for each month) and kind: made by the first write of the day, dropped as a
 * whole when the day is past its retention. Partitions begin with the tenant.
 */
import { RowMissingError } from '../errors.js'
import type { DayTableName } from '../model/names.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { type Budget, deleteRows } from './delete-rows.js'

/** As table names end: `yyyymmdd`, of the audit log `yyyymm`. */
export const dayOf = (name: DayTableName, ms: number): string =>
  new Date(ms)
    .toISOString()
    .slice(0, name === 'auditlog' ? 7 : 10)
    .replaceAll('-', '')

/** The last time that thirteen digits can say, in the year 2286. */
export const latest = 9_999_999_999_999
/** Thirteen digits that sort newest first. */
export const inverted = (ms: number): string =>
  String(latest - Math.min(Math.max(Math.trunc(ms), 0), latest)).padStart(13, '0')

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

/** Tables of days before that of `before` (milliseconds), the oldest first. */
export async function listOldTables(deps: Toolbox, name: DayTableName, before: number): Promise<string[]> {
  const first = deps.names.log(name, dayOf(name, before))
  return (await deps.tables.list(deps.names.log(name, ''))).filter((table) => table < first).sort()
}

/** What rows of a log are about; ids are empty where a row names none. */
export interface LoggedSubject {
  tenant: string
  mailId: string
  mailboxId: string
}

/** Every partition. */
const everything: [string, string] = ['!', '~~~~']
const page = 500

/**
 * Works off a log, each subject once in a page, and deletes the rows that are done. False when the budget ended first.
 */
export async function workOffLog(
  deps: Toolbox,
  { table, budget }: { table: string; budget: Budget },
  act: (subjects: LoggedSubject[]) => Promise<unknown>,
): Promise<boolean> {
  while (budget.left > 0) {
    const limit = Math.min(page, budget.left)
    const rows: Row[] = []
    const query = { partitionRange: everything, select: ['mailId', 'mailboxId'], limit }
    for await (const row of deps.tables.query(table, query)) rows.push(row)
    const once = new Map(rows.map(subjectOf).map((one) => [`${one.tenant}~${one.mailId}~${one.mailboxId}`, one]))
    await act([...once.values()])
    if (budget.left <= 0) return false
    await deleteRows(deps, table, rows)
    budget.left -= rows.length
    if (rows.length < limit) return true
  }
  return false
}

function subjectOf(row: Row): LoggedSubject {
  const { text } = columnsOf(row)
  const tenant = row.partitionKey.slice(0, row.partitionKey.indexOf('~', 1))
  return { tenant, mailId: text('mailId'), mailboxId: text('mailboxId') }
}
