/**
 * The first operator key. It is kept in the vault, where whoever runs the deployment reads it; the row holds its hash.
 * Several processes start at once: the lease of the row `bootstrap` lets one of them make the key, the others find it
 * made. A crash on the way ends with the lease, and the next process goes on with what lies in the vault.
 */
import { RowExistsError } from '../../errors.js'
import { newId, newSecret, sha256 } from '../../model/ids.js'
import type { Row } from '../../ports/tables.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { takeLease } from '../../rows/lease.js'
import { Secret } from '../../secret.js'

const leaseMs = 60_000
const key = { partitionKey: '~', rowKey: 'bootstrap' }

export async function bootstrapOperatorKey(deps: Toolbox): Promise<void> {
  const table = deps.names.table('tenants')
  const row = (await deps.tables.get(table, key.partitionKey, key.rowKey)) ?? (await begin(deps))
  if (row === undefined || row['keyId']) return
  const lease = await takeLease(deps.tables, table, row, deps.worker, leaseMs)
  if (lease === undefined) return
  const name = `${deps.names.environment}-operator-key`
  const [, , storedId, storedSecret] = (await deps.vault.get(name))?.value.reveal().split('_') ?? []
  const id = storedId ?? newId().slice(0, 8)
  const secret = storedSecret ?? newSecret()
  if (storedId === undefined) await deps.vault.set(name, new Secret(`mbg_~_${id}_${secret}`))
  await deps.tables.upsert(table, {
    partitionKey: '~',
    rowKey: `apikey~${id}`,
    v: 1,
    name: 'bootstrap',
    role: 'operator',
    hash: sha256(secret),
    createdAt: new Date(deps.clock.now()).toISOString(),
    expiresAt: 0,
  })
  await lease.release({ keyId: id })
}

/** `undefined` when another process began at the same moment: it will finish. */
async function begin(deps: Toolbox): Promise<Row | undefined> {
  const row = { ...key, v: 1, keyId: '', leaseOwner: '', leaseUntil: 0, fence: 0 }
  try {
    return { ...row, etag: await deps.tables.insert(deps.names.table('tenants'), row) }
  } catch (error) {
    if (error instanceof RowExistsError) return undefined
    throw error
  }
}
