/** What is broken now, who must act, what to do: only unhealthy subjects have a row, so the whole list is one cheap query. */
import type { AttentionItem } from '../../model/attention.js'
import { readAttention } from '../common/attention.js'
import { listConnections } from '../common/connection-rows.js'
import type { Dependencies } from '../common/dependencies.js'

export async function listAttention(deps: Dependencies, tenant: string): Promise<AttentionItem[]> {
  const items = await readAttention(deps, tenant)
  const shared = tenant !== '~' && items.some((item) => item.tenant === '~')
  const used = shared ? new Set((await listConnections(deps, tenant)).map((one) => one.registrationId)) : undefined
  // A registration of the deployment that fails concerns the tenants that use it.
  const own = items.filter((item) => item.tenant !== '~' || used === undefined || used.has(item.id))
  // The rows come in the order of their keys, which is kept at equal times.
  return own.sort((a, b) => b.since.localeCompare(a.since))
}
