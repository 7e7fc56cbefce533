/**
 * Return URLs a tenant allows: compared as whole registered strings, emitted from the register, never from input
 * (SEC-10).
 */
import { notFound } from '../../errors.js'
import { hashId } from '../../model/ids.js'
import type { PageQuery } from '../../model/page.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { pageOfRows } from '../../rows/page-of-rows.js'

export interface ReturnUrl {
  id: string
  url: string
}

export async function addReturnUrl(deps: Toolbox, tenant: string, url: string): Promise<ReturnUrl> {
  const registered = new URL(url).href
  const id = hashId(registered)
  await deps.tables.upsert(deps.names.table('tenants'), {
    partitionKey: tenant,
    rowKey: `returnurl~${id}`,
    v: 1,
    url: registered,
  })
  return { id, url: registered }
}

/** In the order of their ids. */
export async function listReturnUrls(
  deps: Toolbox,
  tenant: string,
  page: PageQuery,
): Promise<{ returnUrls: ReturnUrl[]; next: string }> {
  const stretch = { partition: tenant, prefix: 'returnurl~' }
  const { rows, next } = await pageOfRows(deps, deps.names.table('tenants'), [stretch], page)
  return {
    returnUrls: rows.map((row) => ({ id: row.rowKey.slice(stretch.prefix.length), url: String(row['url']) })),
    next,
  }
}

export async function removeReturnUrl(deps: Toolbox, tenant: string, id: string): Promise<void> {
  const table = deps.names.table('tenants')
  if ((await deps.tables.get(table, tenant, `returnurl~${id}`)) === undefined) throw notFound('return URL')
  await deps.tables.remove(table, tenant, `returnurl~${id}`)
}
