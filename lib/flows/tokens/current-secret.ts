/**
 * Which refresh token counts? Normally the version the row points at. After a crash between vault and row the vault
 * holds a newer one (its rotation is higher than the row's), and between two vault writes the row itself holds the
 * newest, sealed. An older one is a fallback for exactly one try.
 */
import { GatewayError } from '../../errors.js'
import type { Row } from '../../ports/tables.js'
import { fromVault, grant, open, type VaultValue, versionsPerName } from '../../rows/grants.js'
import type { TokenDependencies } from './token-dependencies.js'

/** Candidates, the one that counts first; never empty. */
export async function currentSecrets(deps: TokenDependencies, row: Row, connectionId: string): Promise<VaultValue[]> {
  const found: VaultValue[] = []
  const unstored = await open(deps, row, 'unstored')
  const unstoredRotation = Number(row['unstoredRotation'] ?? 0)
  if (unstored !== undefined) found.push({ value: unstored, rotation: unstoredRotation })

  const take = async (name: string, version?: string): Promise<{ version: string } | undefined> => {
    const stored = name === '' ? undefined : await deps.vault.get(name, version)
    const opened = stored && fromVault(row, stored.value)
    if (opened && (version !== undefined || opened.rotation > grant.rotation(row) || stored.version === pointed))
      found.push(opened)
    return stored
  }
  const pointed = grant.secretVersion(row)
  try {
    const newest = await take(grant.secretName(row))
    if (newest?.version !== pointed) await take(grant.secretName(row), pointed)
    // The next generation is written before the row points at it.
    if (grant.versions(row) >= versionsPerName)
      await take(deps.names.connectionSecret(connectionId, grant.generation(row) + 1))
  } catch (error) {
    // The vault is away: what the row holds sealed is enough to go on.
    if (unstored === undefined) throw error
  }
  if (found.length === 0) throw secretMissing()
  return found.sort((a, b) => b.rotation - a.rotation)
}

/** The version before the current one, for the one confirming try after a refusal (REL-16). */
export async function previousSecret(deps: TokenDependencies, row: Row): Promise<VaultValue | undefined> {
  if (grant.previousVersion(row) === '' || grant.previousName(row) === '') return undefined
  const stored = await deps.vault.get(grant.previousName(row), grant.previousVersion(row))
  return stored && fromVault(row, stored.value)
}

function secretMissing(): GatewayError {
  return new GatewayError('grant_secret_missing', 'needs-reconnect', {
    description: 'The stored authority of this connection is gone or cannot be opened.',
    remedy: 'Connect the mailbox again.',
  })
}
