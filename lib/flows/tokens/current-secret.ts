/**
 * Which refresh token counts? Normally the version the row points at. After a crash between vault and row the vault
 * holds a newer one (its rotation is higher than the row's), and between two vault writes the row itself holds the
 * newest, sealed. An older one is a fallback for exactly one try.
 */
import { GatewayError } from '../../errors.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { fromVault, openColumn, type VaultValue, versionsPerName } from '../../rows/grant-secrets.js'
import type { StoredGrant } from '../../rows/grants.js'

/** Candidates, the one that counts first; never empty. */
export async function currentSecrets(deps: Toolbox, grant: StoredGrant): Promise<VaultValue[]> {
  const found: VaultValue[] = []
  const unstored = await openColumn(deps, grant, 'unstored')
  if (unstored !== undefined) found.push({ value: unstored, rotation: grant.unstoredRotation })

  const take = async (name: string, version?: string): Promise<{ version: string } | undefined> => {
    const stored = name === '' ? undefined : await deps.vault.get(name, version)
    const opened = stored && fromVault(grant, stored.value)
    if (opened && (version !== undefined || opened.rotation > grant.rotation || stored.version === pointed))
      found.push(opened)
    return stored
  }
  const pointed = grant.secretVersion
  try {
    const newest = await take(grant.secretName)
    if (newest?.version !== pointed) await take(grant.secretName, pointed)
    // The next generation is written before the row points at it.
    if (grant.versionsInGeneration >= versionsPerName)
      await take(deps.names.connectionSecret(grant.connectionId, grant.generation + 1))
  } catch (error) {
    // The vault is away: what the row holds sealed is enough to go on.
    if (unstored === undefined) throw error
  }
  if (found.length === 0) throw secretMissing()
  return found.sort((a, b) => b.rotation - a.rotation)
}

/** The version before the current one, for the one confirming try after a refusal (REL-16). */
export async function previousSecret(deps: Toolbox, grant: StoredGrant): Promise<VaultValue | undefined> {
  if (grant.previousVersion === '' || grant.previousName === '') return undefined
  const stored = await deps.vault.get(grant.previousName, grant.previousVersion)
  return stored && fromVault(grant, stored.value)
}

function secretMissing(): GatewayError {
  return new GatewayError('grant_secret_missing', 'needs-reconnect', {
    description: 'The stored authority of this connection is gone or cannot be opened.',
    remedy: 'Connect the mailbox again.',
  })
}
