/** Return URLs that a tenant registered. Partition: the tenant; row: `returnurl~{hash of the URL}`. */
import { notFound } from '../errors.js'
import { hashId } from '../model/ids.js'
import type { PageQuery } from '../model/page.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { pageOfRows } from './page-of-rows.js'

export interface ReturnUrl {
  id: string
  url: string
}

const prefix = 'returnurl~'
const rowKeyOf = (id: string): string => `${prefix}${id}`

/** The id that exactly this text has. */
export const returnUrlId = (url: string): string => hashId(url)

/** Safe to repeat. */
export async function saveReturnUrl(deps: Toolbox, tenant: string, url: string): Promise<ReturnUrl> {
  const id = returnUrlId(url)
  const row = { partitionKey: tenant, rowKey: rowKeyOf(id), v: 1, url }
  await deps.tables.upsert(deps.names.table('tenants'), row)
  return { id, url }
}

export async function findReturnUrl(deps: Toolbox, tenant: string, id: string): Promise<ReturnUrl | undefined> {
  const row = await deps.tables.get(deps.names.table('tenants'), tenant, rowKeyOf(id))
  return row && { id, url: columnsOf(row).text('url') }
}

/** In the order of their ids. */
export async function listReturnUrls(
  deps: Toolbox,
  tenant: string,
  page: PageQuery,
): Promise<{ returnUrls: ReturnUrl[]; next: string }> {
  const list = { table: deps.names.table('tenants'), stretches: [{ partition: tenant, prefix }] }
  const { rows, next } = await pageOfRows(deps, list, page)
  const returnUrls = rows.map((row) => ({ id: row.rowKey.slice(prefix.length), url: columnsOf(row).text('url') }))
  return { returnUrls, next }
}

/** Throws `not_found`. */
export async function removeReturnUrl(deps: Toolbox, tenant: string, id: string): Promise<void> {
  if ((await findReturnUrl(deps, tenant, id)) === undefined) throw notFound('return URL')
  await deps.tables.remove(deps.names.table('tenants'), { partitionKey: tenant, rowKey: rowKeyOf(id) })
}
