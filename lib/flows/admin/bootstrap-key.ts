/**
 * The first operator key. It is kept in the vault, where whoever runs the deployment reads it; the row holds its hash.
 * Several processes start at once: the lease of the row `bootstrap` lets one of them make the key, the others find it
 * made. A crash on the way ends with the lease, and the next process goes on with what lies in the vault.
 */
import { newId, newSecret, sha256 } from '../../model/ids.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { saveApiKey } from '../../rows/api-keys.js'
import { beginBootstrap } from '../../rows/bootstrap.js'
import { Secret } from '../../secret.js'

export async function bootstrapOperatorKey(deps: Toolbox): Promise<void> {
  const finish = await beginBootstrap(deps)
  if (finish === undefined) return
  const name = `${deps.names.environment}-operator-key`
  const [, , storedId, storedSecret] = (await deps.vault.get(name))?.value.reveal().split('_') ?? []
  const id = storedId ?? newId().slice(0, 8)
  const secret = storedSecret ?? newSecret()
  if (storedId === undefined) await deps.vault.set(name, new Secret(`mbg_~_${id}_${secret}`))
  await saveApiKey(deps, '~', {
    id,
    name: 'bootstrap',
    role: 'operator',
    hash: sha256(secret),
    createdAt: new Date(deps.clock.now()).toISOString(),
    expiresAt: 0,
  })
  await finish(id)
}
