/**
 * The console's sessions, one row each: made at the sign-in, removed at the sign-out, so that a copied cookie ends with
 * it. The row keeps the role of the key, so a key whose role changed ends its sessions. A session that was found is
 * remembered for ten seconds per process, which is how long a copy may live on elsewhere; in the process that ends it,
 * it ends at once.
 */
import type { Caller } from '../../model/caller.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findConsoleSession, insertConsoleSession, removeConsoleSession } from '../../rows/console-sessions.js'

const rememberMs = 10_000
const mostRemembered = 10_000

/** `until`: milliseconds. */
export async function beginConsoleSession(
  deps: Toolbox,
  { tenant, role, keyId }: Caller,
  session: { id: string; until: number },
): Promise<void> {
  await insertConsoleSession(deps, { tenant, id: session.id }, { role, keyId, until: session.until })
}

export async function isConsoleSession(deps: Toolbox, { tenant, role, keyId }: Caller, id: string): Promise<boolean> {
  const remembered = deps.memory.consoleSessions
  const hit = remembered.get(id)
  if (hit !== undefined && hit.until > deps.clock.now()) return hit.value === role
  const session = await findConsoleSession(deps, tenant, id)
  if (session === undefined || session.until <= deps.clock.now() || session.keyId !== keyId) return false
  if (remembered.size >= mostRemembered) remembered.clear()
  remembered.set(id, { value: session.role, until: deps.clock.now() + rememberMs })
  return session.role === role
}

export async function endConsoleSession(deps: Toolbox, tenant: string, id: string): Promise<void> {
  deps.memory.consoleSessions.delete(id)
  await removeConsoleSession(deps, tenant, id)
}
