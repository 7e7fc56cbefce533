import { setDue } from '../common/due.js'
import { takeLease } from '../common/lease.js'
import { readGrant } from './grant-row.js'
import type { TokenDependencies } from './token-dependencies.js'

/** Ends the pause after a refusal: what an administrator had to set right is right. A refresh under way finds out itself. */
export async function retryGrant(deps: TokenDependencies, tenant: string, connectionId: string): Promise<void> {
  const read = await readGrant(deps, tenant, connectionId)
  if (read === undefined) return
  const lease = await takeLease(deps.tables, deps.names.table('connections'), read.row, deps.worker, 10_000)
  await lease?.release({ notBefore: 0 })
  await setDue(deps, 'grant', tenant, connectionId, deps.clock.now())
}
