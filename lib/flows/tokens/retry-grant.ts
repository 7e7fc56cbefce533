import { asGatewayError, type GatewayError } from '../../errors.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { setDue } from '../../rows/due.js'
import { grant, readGrant, resourcesOf } from '../../rows/grants.js'
import { takeLease } from '../../rows/lease.js'
import { refreshGrant } from './refresh-grant.js'
import type { TokenDependencies } from './token-dependencies.js'

/** Ends the pause after a refusal: an administrator repaired what was wrong. A refresh under way finds out itself. */
export async function retryGrant(deps: Toolbox, tenant: string, connectionId: string): Promise<void> {
  const read = await readGrant(deps, tenant, connectionId)
  if (read === undefined) return
  if (grant.notBefore(read.row) > deps.clock.now()) {
    const lease = await takeLease(deps.tables, deps.names.table('connections'), read.row, deps.worker, 10_000)
    await lease?.release({ notBefore: 0 })
  }
  await setDue(deps, 'grant', tenant, connectionId, deps.clock.now())
}

/** The same, and asks the provider at once (M-160): what is wrong now, undefined when it works. */
export async function tryGrant(
  deps: TokenDependencies,
  tenant: string,
  connectionId: string,
): Promise<GatewayError | undefined> {
  const read = await readGrant(deps, tenant, connectionId)
  // Passwords are tried by the mail servers alone.
  if (read === undefined || read.row['kind'] === 'password') return undefined
  await retryGrant(deps, tenant, connectionId)
  const used = resourcesOf(read.row)
  try {
    for (const resource of used.length > 0 ? used : (['graph'] as const))
      await refreshGrant(deps, tenant, connectionId, { resource, isAsked: true })
    return undefined
  } catch (error) {
    return asGatewayError(error)
  }
}
