/**
 * A page of a list whose order is the order of its keys: a range read that goes on behind the last row of the page
 * before, so a page costs the same wherever it lies and however long the list is. `after` names a place inside the list
 * and never its tenant, table or partition: a forged one leads to other rows of the same list, or is refused.
 */
import { invalidInput } from '../errors.js'
import { isId } from '../model/ids.js'
import type { PageQuery } from '../model/page.js'
import type { Row, RowQuery } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'

export interface RowPage {
  rows: Row[]
  /** Empty at the end. */
  next: string
}

/** Rows of a partition whose keys begin with `prefix`; empty for all of them. */
export interface Stretch {
  partition: string
  prefix: string
}

export const wrongPlace = (): Error =>
  invalidInput('after', 'must be `next` of the previous page, unchanged; leave it out for the first page.')

/** The least key behind `key`: no key has a character below this one. */
export const behind = (key: string): string => `${key}!`

/** Through one stretch after the other. Errors: `invalid_input` for an `after` that is no place of such a list. */
export async function pageOfRows(
  deps: Toolbox,
  { table, stretches }: { table: string; stretches: readonly Stretch[] },
  { limit, after = '' }: PageQuery,
): Promise<RowPage> {
  const [, index = '0', rest = ''] = after === '' ? [] : (/^(\d)~([\w.~=:@+-]{1,150})$/.exec(after) ?? [])
  if ((after !== '' && rest === '') || Number(index) >= stretches.length) throw wrongPlace()
  const found: { row: Row; place: string }[] = []
  for (let at = Number(index); at < stretches.length && found.length <= limit; at++) {
    const { partition, prefix } = stretches[at]!
    const from = at === Number(index) && rest !== '' ? behind(`${prefix}${rest}`) : prefix === '' ? '!' : prefix
    const rowRange: [string, string] = [from, prefix === '' ? '~' : `${prefix}~`]
    const query = { partition, rowRange, limit: limit + 1 - found.length }
    for await (const row of deps.tables.query(table, query))
      found.push({ row, place: `${at}~${row.rowKey.slice(prefix.length)}` })
  }
  const page = found.slice(0, limit)
  return { rows: page.map(({ row }) => row), next: found.length > limit ? (page.at(-1)?.place ?? '') : '' }
}

/** The rows of one key in the partitions `tenant~id` of a tenant, in the order of the ids. */
export async function pageOfPartitions(
  deps: Toolbox,
  { table, tenant, rowKey, select }: { table: string; tenant: string; rowKey: string; select?: string[] },
  { limit, after = '' }: PageQuery,
): Promise<RowPage> {
  if (after !== '' && !isId(after)) throw wrongPlace()
  const query: RowQuery = {
    partitionRange: [after === '' ? `${tenant}~` : behind(`${tenant}~${after}`), `${tenant}~~`],
    rowRange: [rowKey, behind(rowKey)],
    limit: limit + 1,
    ...(select === undefined ? {} : { select }),
  }
  const rows: Row[] = []
  for await (const row of deps.tables.query(table, query)) rows.push(row)
  const page = rows.slice(0, limit)
  return { rows: page, next: rows.length > limit ? (page.at(-1)?.partitionKey.slice(tenant.length + 1) ?? '') : '' }
}

/** What else the partitions of such a page hold in one stretch of row keys, as one read. */
export async function besidePage(
  deps: Toolbox,
  { table, rows, ...more }: { table: string; rows: readonly Row[] } & Pick<RowQuery, 'rowRange' | 'select'>,
): Promise<Map<string, Row[]>> {
  const [first, last] = [rows.at(0)?.partitionKey, rows.at(-1)?.partitionKey]
  const found = new Map<string, Row[]>()
  if (first === undefined || last === undefined) return found
  const query: RowQuery = { partitionRange: [first, behind(last)], ...more }
  for await (const row of deps.tables.query(table, query))
    found.set(row.partitionKey, [...(found.get(row.partitionKey) ?? []), row])
  return found
}
