/**
 * A tenant begins as one row and its own events queue. Its id is a slug that is never changed and never given again;
 * removing it leaves a tombstone (remove-tenant).
 */
import { conflict, notFound, RowExistsError } from '../../errors.js'
import type { TenantInput } from '../../model/admin-schemas.js'
import type { PageQuery } from '../../model/page.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { pageOfRows } from '../../rows/page-of-rows.js'

export interface Tenant {
  id: string
  name: string
  createdAt: string
  state: 'active' | 'removing'
}

export async function createTenant(deps: Toolbox, input: TenantInput): Promise<Tenant> {
  const createdAt = new Date(deps.clock.now()).toISOString()
  try {
    await deps.tables.insert(deps.names.table('tenants'), {
      partitionKey: input.id,
      rowKey: 'tenant',
      v: 1,
      name: input.name,
      createdAt,
      removedAt: '',
    })
  } catch (error) {
    if (!(error instanceof RowExistsError)) throw error
    throw conflict(
      'tenant_exists',
      `The tenant id ${input.id} is taken, or belonged to a tenant that was removed.`,
      'Choose another id; ids are never reused.',
    )
  }
  // The list for operators: the only way to enumerate tenants without a scan over everything.
  await deps.tables.upsert(deps.names.table('tenants'), {
    partitionKey: '~',
    rowKey: `tenant~${input.id}`,
    v: 1,
    name: input.name,
    createdAt,
    state: 'active',
  })
  // After the row: a taken id must leave no queue behind. A queue that is missing is made by its first event.
  await deps.queues.ensure(deps.names.eventsQueue(input.id))
  return { id: input.id, name: input.name, createdAt, state: 'active' }
}

export async function readTenant(deps: Toolbox, id: string): Promise<Tenant> {
  const row = await deps.tables.get(deps.names.table('tenants'), id, 'tenant')
  if (row === undefined || row['removedAt'] !== '') throw notFound('tenant')
  return { id, name: String(row['name']), createdAt: String(row['createdAt']), state: 'active' }
}

/** In the order of their ids. */
export async function listTenants(deps: Toolbox, page: PageQuery): Promise<{ tenants: Tenant[]; next: string }> {
  const stretch = { partition: '~', prefix: 'tenant~' }
  const { rows, next } = await pageOfRows(deps, deps.names.table('tenants'), [stretch], page)
  const tenants = rows.map((row) => ({
    id: row.rowKey.slice(stretch.prefix.length),
    name: String(row['name']),
    createdAt: String(row['createdAt']),
    state: row['state'] === 'removing' ? ('removing' as const) : ('active' as const),
  }))
  return { tenants, next }
}
