/**
 * Tenants that are being removed. `~` / `removal~{id}` is the hint by which the timer finds one; the tenant's own row
 * decides. `{id}` / `secret~{name}` names each secret that the last pass deletes once more and purges.
 */
import { RowChangedError } from '../errors.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { type Budget, deleteByQuery } from './delete-rows.js'
import { startingWith } from './tenant-ranges.js'
import { markListedTenant, markTenantRemoving, type StoredTenant } from './tenants.js'

export interface Removal {
  tenant: string
  /** Milliseconds: when it was asked for. */
  since: number
}

const hintPrefix = 'removal~'
const secretPrefix = 'secret~'

/** The hint for the timer before the truth; a hint without a mark is dropped by the next pass. */
export async function markRemoval(deps: Toolbox, tenant: StoredTenant): Promise<void> {
  const since = deps.clock.now()
  const hint = { partitionKey: '~', rowKey: `${hintPrefix}${tenant.id}`, v: 1, since }
  await deps.tables.upsert(deps.names.table('tenants'), hint)
  await markListedTenant(deps, tenant.id)
  try {
    await markTenantRemoving(deps, tenant, since)
  } catch (error) {
    // Somebody else marked it at the same moment: its time counts.
    if (!(error instanceof RowChangedError)) throw error
  }
}

export async function* listRemovals(deps: Toolbox): AsyncIterable<Removal> {
  const query = { partition: '~', rowRange: startingWith(hintPrefix) }
  for await (const row of deps.tables.query(deps.names.table('tenants'), query))
    yield { tenant: row.rowKey.slice(hintPrefix.length), since: columnsOf(row).number('since') }
}

/** The hint: there is nothing to go on with. */
export async function removeRemoval(deps: Toolbox, tenant: string): Promise<void> {
  await deps.tables.remove(deps.names.table('tenants'), { partitionKey: '~', rowKey: `${hintPrefix}${tenant}` })
}

/** Written before the secrets are deleted, so that the last pass finds their names. */
export async function noteSecrets(deps: Toolbox, tenant: string, names: string[]): Promise<void> {
  for (const name of names) {
    const row = { partitionKey: tenant, rowKey: `${secretPrefix}${name}`, v: 1 }
    await deps.tables.upsert(deps.names.table('tenants'), row)
  }
}

/** Names of the secrets that were noted. */
export async function* listNotedSecrets(deps: Toolbox, tenant: string): AsyncIterable<string> {
  const query = { partition: tenant, rowRange: startingWith(secretPrefix) }
  for await (const { rowKey } of deps.tables.query(deps.names.table('tenants'), query))
    yield rowKey.slice(secretPrefix.length)
}

export async function removeNotedSecret(deps: Toolbox, tenant: string, name: string): Promise<void> {
  await deps.tables.remove(deps.names.table('tenants'), { partitionKey: tenant, rowKey: `${secretPrefix}${name}` })
}

/**
 * All that is left of a tenant in the table `tenants`, but the noted secrets and the row that becomes the tombstone.
 * False when the budget ended first.
 */
export async function deleteOwnRows(deps: Toolbox, tenant: string, budget: Budget): Promise<boolean> {
  const table = deps.names.table('tenants')
  for (const rowRange of [
    ['!', secretPrefix],
    [`${secretPrefix}~`, 'tenant'],
    ['tenant~', '~~'],
  ] as [string, string][])
    if (!(await deleteByQuery(deps, { table, partition: tenant, rowRange }, budget))) return false
  return true
}
