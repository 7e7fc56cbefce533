/**
 * Whether the first operator key was made: the row `~` / `bootstrap` with the key's id (`keyId`) and the lease under
 * which one process of several makes it.
 */
import { RowExistsError } from '../errors.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { takeLease } from './lease.js'

const leaseMs = 60_000
const key = { partitionKey: '~', rowKey: 'bootstrap' }

/** How to write down that the key is made; `undefined` when it was made before, or another process is at it. */
export async function beginBootstrap(deps: Toolbox): Promise<((keyId: string) => Promise<void>) | undefined> {
  const table = deps.names.table('tenants')
  const row = (await deps.tables.get(table, key.partitionKey, key.rowKey)) ?? (await insert(deps))
  if (row === undefined || row['keyId']) return undefined
  const lease = await takeLease(deps, { table, row, durationMs: leaseMs })
  return lease && ((keyId) => lease.release({ keyId }))
}

/** `undefined` when another process began at the same moment: it will finish. */
async function insert(deps: Toolbox): Promise<Row | undefined> {
  const row = { ...key, v: 1, keyId: '', leaseOwner: '', leaseUntil: 0, fence: 0 }
  try {
    return { ...row, etag: await deps.tables.insert(deps.names.table('tenants'), row) }
  } catch (error) {
    if (error instanceof RowExistsError) return undefined
    throw error
  }
}
