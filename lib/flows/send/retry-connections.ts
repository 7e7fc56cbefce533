/**
 * Somebody repaired what was wrong with a registration, or an administrator consented for one organisation: the
 * connections that waited for exactly that are tried now, not at their next hourly try (M-160). The mailboxes behind
 * what works again fetch and send at once.
 */
import { connectionOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { listAwaitingAdmin } from '../../rows/connections.js'
import { setDue } from '../../rows/due.js'
import { listMailboxes } from '../../rows/mailboxes.js'
import { retryGrant } from '../tokens/retry-grant.js'
import { openGate } from './gate.js'

/**
 * `tenant` is `~` for a registration of the deployment, which may serve every tenant. `directory`: of these people only.
 * Returns how many there were.
 */
export async function retryConnections(
  deps: Toolbox,
  tenant: string,
  { registrationId, directory }: { registrationId: string; directory?: string },
): Promise<number> {
  let count = 0
  for await (const waiting of listAwaitingAdmin(deps, tenant, registrationId)) {
    const { tenant: owner, id: connectionId, identity } = waiting
    if (directory !== undefined && identity?.tenantId !== directory) continue
    await retryGrant(deps, owner, connectionId)
    await wakeMailboxes(deps, owner, connectionId)
    count += 1
  }
  return count
}

/** The mailboxes of a connection that works again fetch and send at once. */
export async function wakeMailboxes(deps: Toolbox, tenant: string, connectionId: string): Promise<void> {
  for (const { id, receive, send } of await listMailboxes(deps, tenant)) {
    if (connectionOf(receive) === connectionId) await setDue(deps, { kind: 'poll', tenant, id }, deps.clock.now())
    if (connectionOf(send) === connectionId) await openGate(deps, { tenant, mailboxId: id })
  }
}
