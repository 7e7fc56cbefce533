import type { Toolbox } from '../../ports/toolbox.js'
import { setDue } from '../../rows/due.js'
import { newestGeneration, removeGrant } from '../../rows/grants.js'
import { forgetTokens } from './access-token.js'
import { forgetPassword } from './password-of.js'

/**
 * Ends the authority of a connection. Deleting the row shreds every version in the vault, also soft-deleted ones,
 * because their key is gone with it; the vault's names are tidied afterwards. Safe to repeat.
 */
export async function forgetGrant(deps: Toolbox, tenant: string, connectionId: string): Promise<void> {
  const newest = await newestGeneration(deps, tenant, connectionId)
  await removeGrant(deps, tenant, connectionId)
  await setDue(deps, { kind: 'grant', tenant, id: connectionId }, Number.POSITIVE_INFINITY)
  forgetTokens(deps, tenant, connectionId)
  forgetPassword(deps, tenant, connectionId)
  const names = [newest, ...(newest > 1 ? [newest - 1] : [])].map((one) =>
    deps.names.connectionSecret(connectionId, one),
  )
  for (const name of names) await deps.vault.remove(name)
}
