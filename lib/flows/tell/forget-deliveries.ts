/** Events for a webhook endpoint that is not there any more: nobody will take them, and nobody has to act. */
import { clearAttention } from '../common/attention.js'
import { deleteRows } from '../common/delete-rows.js'
import type { Dependencies } from '../common/dependencies.js'
import { setDue } from '../common/due.js'

const mostPerRun = 5_000

/** What is left over stays due, so that the sweep goes on. */
export async function forgetDeliveries(deps: Dependencies, tenant: string, endpointId: string): Promise<void> {
  await setDue(deps, 'webhook', tenant, endpointId, deps.clock.now())
  const partition = `${tenant}~${endpointId}`
  const isDone = await deleteRows(deps, deps.names.table('deliveries'), { partition }, { left: mostPerRun })
  await clearAttention(deps, tenant, 'webhook', endpointId)
  if (isDone) await setDue(deps, 'webhook', tenant, endpointId, Number.POSITIVE_INFINITY)
}
