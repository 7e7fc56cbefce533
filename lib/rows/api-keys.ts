/**
 * API keys. Partition: the tenant, `~` for an operator's; row: `apikey~{id}`. The secret itself is stored nowhere.
 */
import type { Role } from '../model/caller.js'
import type { PageQuery } from '../model/page.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { type Budget, deleteByQuery } from './delete-rows.js'
import { pageOfRows } from './page-of-rows.js'
import { startingWith } from './tenant-ranges.js'

export interface ApiKey {
  id: string
  name: string
  role: Role
  /** SHA-256 of the secret. */
  hash: string
  createdAt: string
  /** Milliseconds; 0 for never. */
  expiresAt: number
}

const prefix = 'apikey~'
const rowKeyOf = (id: string): string => `${prefix}${id}`

export async function insertApiKey(deps: Toolbox, tenant: string, key: ApiKey): Promise<void> {
  await deps.tables.insert(deps.names.table('tenants'), toRow(tenant, key))
}

/** Safe to repeat. */
export async function saveApiKey(deps: Toolbox, tenant: string, key: ApiKey): Promise<void> {
  await deps.tables.upsert(deps.names.table('tenants'), toRow(tenant, key))
}

export async function findApiKey(deps: Toolbox, tenant: string, id: string): Promise<ApiKey | undefined> {
  const row = await deps.tables.get(deps.names.table('tenants'), tenant, rowKeyOf(id))
  return row && fromRow(row)
}

/** In the order of their ids. */
export async function pageOfApiKeys(
  deps: Toolbox,
  tenant: string,
  page: PageQuery,
): Promise<{ keys: ApiKey[]; next: string }> {
  const list = { table: deps.names.table('tenants'), stretches: [{ partition: tenant, prefix }] }
  const { rows, next } = await pageOfRows(deps, list, page)
  return { keys: rows.map(fromRow), next }
}

export async function removeApiKey(deps: Toolbox, tenant: string, id: string): Promise<void> {
  await deps.tables.remove(deps.names.table('tenants'), { partitionKey: tenant, rowKey: rowKeyOf(id) })
}

/** False when the budget ended first. */
export async function deleteApiKeys(deps: Toolbox, tenant: string, budget: Budget): Promise<boolean> {
  const table = deps.names.table('tenants')
  return deleteByQuery(deps, { table, partition: tenant, rowRange: startingWith(prefix) }, budget)
}

const toRow = (tenant: string, { id, name, role, hash, createdAt, expiresAt }: ApiKey): Row => ({
  partitionKey: tenant,
  rowKey: rowKeyOf(id),
  v: 1,
  name,
  role,
  hash,
  createdAt,
  expiresAt,
})

function fromRow(row: Row): ApiKey {
  const { text, number } = columnsOf(row)
  return {
    id: row.rowKey.slice(prefix.length),
    name: text('name'),
    role: text('role') as Role,
    hash: text('hash'),
    createdAt: text('createdAt'),
    expiresAt: number('expiresAt'),
  }
}
