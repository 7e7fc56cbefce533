/** Events for a webhook endpoint that is not there any more: nobody will take them, and nobody has to act. */

import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention } from '../../rows/attention.js'
import { deleteDeliveries } from '../../rows/deliveries.js'
import { setDue } from '../../rows/due.js'

const mostPerRun = 5_000

/** What is left over stays due, so that the sweep goes on. */
export async function forgetDeliveries(deps: Toolbox, tenant: string, endpointId: string): Promise<void> {
  await setDue(deps, { kind: 'webhook', tenant, id: endpointId }, deps.clock.now())
  const isDone = await deleteDeliveries(deps, { tenant, endpointId }, { left: mostPerRun })
  await clearAttention(deps, { tenant, kind: 'webhook', id: endpointId })
  if (isDone) await setDue(deps, { kind: 'webhook', tenant, id: endpointId }, Number.POSITIVE_INFINITY)
}
