/**
 * Tenants. The row `tenant` of a tenant's own partition decides whether it lives; the row `tenant~{id}` of the
 * deployment's partition `~` is the list, because nothing else enumerates tenants without a scan over everything. What
 * is left of a removed tenant is its row without a name (tombstone), so that the id is never given again.
 */
import { notFound } from '../errors.js'
import type { PageQuery } from '../model/page.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { pageOfRows } from './page-of-rows.js'

/** As operators see it. */
export interface Tenant {
  id: string
  name: string
  createdAt: string
  state: 'active' | 'removing'
}

export interface StoredTenant extends Omit<Tenant, 'state'> {
  /** ISO date on which an operator had it removed; empty while it lives. */
  removedAt: string
  /** `removed`: nothing is left but the tombstone. */
  state: Tenant['state'] | 'removed'
  etag: string
}

const rowKey = 'tenant'
const listPartition = '~'
const listPrefix = 'tenant~'

/** Throws RowExistsError for an id that is taken, or was. */
export async function insertTenant(deps: Toolbox, tenant: Pick<Tenant, 'id' | 'name' | 'createdAt'>): Promise<void> {
  const { id, name, createdAt } = tenant
  const row = { partitionKey: id, rowKey, v: 1, name, createdAt, removedAt: '' }
  await deps.tables.insert(deps.names.table('tenants'), row)
}

/** `undefined` for an id that never was a tenant's; a removed one is found. */
export async function findTenant(deps: Toolbox, id: string): Promise<StoredTenant | undefined> {
  const row = await deps.tables.get(deps.names.table('tenants'), id, rowKey)
  return row && fromRow(row)
}

/** Throws `not_found` for one that is being removed, too. */
export async function getTenant(deps: Toolbox, id: string): Promise<Tenant> {
  const tenant = await findTenant(deps, id)
  if (tenant?.state !== 'active') throw notFound('tenant')
  return { id, name: tenant.name, createdAt: tenant.createdAt, state: 'active' }
}

/** Throws RowChangedError when somebody else was quicker. */
export async function markTenantRemoving(deps: Toolbox, { id, etag }: StoredTenant, at: number): Promise<void> {
  const mark = { partitionKey: id, rowKey, removedAt: new Date(at).toISOString(), state: 'removing' }
  await deps.tables.update(deps.names.table('tenants'), mark, etag)
}

/** Nothing of the customer stays in the tombstone, only the id. */
export async function leaveTombstone(deps: Toolbox, { id, etag }: StoredTenant): Promise<void> {
  const tombstone = { partitionKey: id, rowKey, name: '', state: 'removed' }
  await deps.tables.update(deps.names.table('tenants'), tombstone, etag)
}

/** On the list. */
export async function saveListedTenant(deps: Toolbox, tenant: Tenant): Promise<void> {
  const { id, name, createdAt, state } = tenant
  const row = { partitionKey: listPartition, rowKey: `${listPrefix}${id}`, v: 1, name, createdAt, state }
  await deps.tables.upsert(deps.names.table('tenants'), row)
}

/** On the list: what operators see of it from now on. */
export async function markListedTenant(deps: Toolbox, id: string): Promise<void> {
  const row = { partitionKey: listPartition, rowKey: `${listPrefix}${id}`, state: 'removing' }
  await deps.tables.upsert(deps.names.table('tenants'), row)
}

/** Off the list. */
export async function removeListedTenant(deps: Toolbox, id: string): Promise<void> {
  await deps.tables.remove(deps.names.table('tenants'), { partitionKey: listPartition, rowKey: `${listPrefix}${id}` })
}

/** In the order of their ids. */
export async function listTenants(deps: Toolbox, page: PageQuery): Promise<{ tenants: Tenant[]; next: string }> {
  const stretch = { partition: listPartition, prefix: listPrefix }
  const { rows, next } = await pageOfRows(deps, { table: deps.names.table('tenants'), stretches: [stretch] }, page)
  return { tenants: rows.map(fromListRow), next }
}

/** Every tenant from the id `first` on, in the order of their ids. */
export async function* listTenantsFrom(deps: Toolbox, first: string): AsyncIterable<Tenant> {
  const rowRange: [string, string] = [`${listPrefix}${first}`, `${listPrefix}~`]
  const rows = deps.tables.query(deps.names.table('tenants'), { partition: listPartition, rowRange })
  for await (const row of rows) yield fromListRow(row)
}

/** Asks the table for a row that nobody writes: does the storage answer? */
export async function probeTables(deps: Toolbox): Promise<void> {
  await deps.tables.get(deps.names.table('tenants'), '~', 'health')
}

function fromRow(row: Row): StoredTenant {
  const { text } = columnsOf(row)
  const removedAt = text('removedAt')
  return {
    id: row.partitionKey,
    name: text('name'),
    createdAt: text('createdAt'),
    removedAt,
    state: text('state') === 'removed' ? 'removed' : removedAt === '' ? 'active' : 'removing',
    etag: row.etag ?? '',
  }
}

function fromListRow(row: Row): Tenant {
  const { text } = columnsOf(row)
  return {
    id: row.rowKey.slice(listPrefix.length),
    name: text('name'),
    createdAt: text('createdAt'),
    state: text('state') === 'removing' ? 'removing' : 'active',
  }
}
