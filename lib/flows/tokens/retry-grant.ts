import { asGatewayError, type GatewayError } from '../../errors.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { setDue } from '../../rows/due.js'
import { findGrant, resourcesOf, takeGrant } from '../../rows/grants.js'
import { refreshGrant } from './refresh-grant.js'

/** Ends the pause after a refusal: an administrator repaired what was wrong. A refresh under way finds out itself. */
export async function retryGrant(deps: Toolbox, tenant: string, connectionId: string): Promise<void> {
  const found = await findGrant(deps, tenant, connectionId)
  if (found === undefined) return
  if (found.grant.notBefore > deps.clock.now()) {
    const leased = await takeGrant(deps, found.grant, { leaseMs: 10_000 })
    await leased?.release({ notBefore: 0 })
  }
  await setDue(deps, { kind: 'grant', tenant, id: connectionId }, deps.clock.now())
}

/** The same, and asks the provider at once (M-160): what is wrong now, undefined when it works. */
export async function tryGrant(deps: Toolbox, tenant: string, connectionId: string): Promise<GatewayError | undefined> {
  const found = await findGrant(deps, tenant, connectionId)
  // Passwords are tried by the mail servers alone.
  if (found === undefined || found.grant.kind === 'password') return undefined
  await retryGrant(deps, tenant, connectionId)
  const used = resourcesOf(found.grant)
  try {
    for (const resource of used.length > 0 ? used : (['graph'] as const))
      await refreshGrant(deps, { tenant, connectionId }, { resource, isAsked: true })
    return undefined
  } catch (error) {
    return asGatewayError(error)
  }
}
