/**
 * A tenant begins as one row and its own events queue. Its id is a slug that is never changed and never given again;
 * removing it leaves a tombstone (remove-tenant).
 */
import { conflict, RowExistsError } from '../../errors.js'
import type { TenantInput } from '../../model/admin-schemas.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { insertTenant, saveListedTenant, type Tenant } from '../../rows/tenants.js'

export async function createTenant(deps: Toolbox, { id, name }: TenantInput): Promise<Tenant> {
  const tenant: Tenant = { id, name, createdAt: new Date(deps.clock.now()).toISOString(), state: 'active' }
  try {
    await insertTenant(deps, tenant)
  } catch (error) {
    if (!(error instanceof RowExistsError)) throw error
    throw conflict(
      'tenant_exists',
      `The tenant id ${id} is in use, or belonged to a tenant that has been removed.`,
      'Choose another id; ids are never reused.',
    )
  }
  await saveListedTenant(deps, tenant)
  // After the row: a taken id must leave no queue behind. A queue that is missing is made by its first event.
  await deps.queues.ensure(deps.names.eventsQueue(id))
  return tenant
}
