/** What concerns every table: making them, and taking out what a tenant has in them. */
import { dayTableNames, tableNames } from '../model/names.js'
import type { Toolbox } from '../ports/toolbox.js'
import { type Budget, deleteByQuery } from './delete-rows.js'
import { ofTenant } from './tenant-ranges.js'

/** Those that the deployment did not make; making one twice is fine. */
export async function ensureTables(deps: Toolbox): Promise<void> {
  await Promise.all([
    ...tableNames.map((name) => deps.tables.ensure(deps.names.table(name))),
    deps.tables.ensure(deps.names.holders),
  ])
}

/** Tables whose partitions begin with the tenant, in the order in which a removal empties them. */
const ranged = ['outbox', 'connections', 'mailboxes', 'mails', 'received', 'deliveries'] as const
/** Tables in which the tenant is the partition. */
const whole = ['names', 'attention'] as const

/**
 * Everything of a tenant but its schedule, its sign-ins and its rows in the table `tenants`. False when the budget
 * ended first.
 */
export async function deleteTenantRows(deps: Toolbox, tenant: string, budget: Budget): Promise<boolean> {
  const daily = (await Promise.all(dayTableNames.map((name) => deps.tables.list(deps.names.log(name, ''))))).flat()
  const partitionRange = ofTenant(tenant)
  for (const table of [...ranged.map((name) => deps.names.table(name)), ...daily])
    if (!(await deleteByQuery(deps, { table, partitionRange }, budget))) return false
  for (const name of whole)
    if (!(await deleteByQuery(deps, { table: deps.names.table(name), partition: tenant }, budget))) return false
  return true
}
