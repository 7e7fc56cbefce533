/** One day of a log, newest first, failures alone when asked: 24 hour partitions are read newest hour first. */
import { invalidInput, RowMissingError } from '../../errors.js'
import type { LogRow } from '../../model/answers/watch-answers.js'
import type { LogName } from '../../model/names.js'
import type { Row } from '../../ports/tables.js'
import type { Dependencies } from '../common/dependencies.js'
import { logDay } from '../common/log-row.js'

export interface LogQuery {
  log: 'sending' | 'receiving' | 'audit'
  day?: string | undefined
  failed?: boolean | undefined
  mailboxId?: string | undefined
  limit: number
}

export async function listLog(deps: Dependencies, tenant: string, query: LogQuery): Promise<LogRow[]> {
  const name: LogName = `${query.log}log`
  const day = query.day ?? logDay(name, deps.clock.now())
  const form = query.log === 'audit' ? /^\d{6}$/ : /^\d{8}$/
  if (!form.test(day)) throw invalidInput('day', query.log === 'audit' ? 'must be yyyymm.' : 'must be yyyymmdd.')
  const rows: LogRow[] = []
  for (let hour = 23; hour >= 0 && rows.length < query.limit; hour--) {
    const partition = `${tenant}~${query.failed ? 'e~' : ''}${String(hour).padStart(2, '0')}`
    const where =
      query.mailboxId === undefined ? [] : [{ column: 'mailboxId', is: 'eq' as const, value: query.mailboxId }]
    try {
      for await (const row of deps.tables.query(deps.names.log(name, day), {
        partition,
        where,
        limit: query.limit - rows.length,
      }))
        rows.push(plain(row))
    } catch (error) {
      if (error instanceof RowMissingError) return []
      throw error
    }
  }
  return rows
}

function plain(row: Row): LogRow {
  const result: Record<string, string | number | boolean> = { id: row.rowKey }
  for (const [column, value] of Object.entries(row))
    if (!['partitionKey', 'rowKey', 'etag', 'v', 'timestamp'].includes(column) && value !== undefined)
      result[column] = value instanceof Date ? value.toISOString() : value
  return result as unknown as LogRow
}
