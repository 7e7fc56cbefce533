/**
 * Puts freshly gained authority away: the grant row with its key first, then the vault, then the pointer (an
 * application's own authority has no secret besides that of its registration). Safe to
 * repeat: a second run writes one more version of the same secret. A row that exists (reconnect) is taken by lease like
 * in a refresh, so that a refresh under way with the old authority cannot write over the new one.
 */
import { randomBytes } from 'node:crypto'
import { GatewayError, RowExistsError } from '../../errors.js'
import type { Resource } from '../../model/connection.js'
import type { Row } from '../../ports/tables.js'
import { clearAttention } from '../../rows/attention.js'
import { connectionPartition } from '../../rows/connections.js'
import { setDue } from '../../rows/due.js'
import { accessColumns, grant, grantRowKey, putSecret } from '../../rows/grants.js'
import { type Lease, takeLease } from '../../rows/lease.js'
import { Secret } from '../../secret.js'
import { forgetTokens } from './access-token.js'
import { nextRefresh } from './refresh-grant.js'
import type { TokenDependencies } from './token-dependencies.js'

export type NewGrant =
  | { kind: 'oauth'; resource: Resource; accessToken: string; expiresAt: number; refreshToken: string }
  | { kind: 'app-only'; resource: Resource; accessToken: string; expiresAt: number }
  | { kind: 'password'; password: string }

const leaseMs = 60_000
const tries = 150

export async function storeGrant(
  deps: TokenDependencies,
  input: { tenant: string; connectionId: string; grant: NewGrant },
): Promise<void> {
  const { tenant, connectionId } = input
  const lease = await leaseOfRow(deps, tenant, connectionId)
  const rotation = grant.rotation(lease.row) + 1
  const gained = input.grant
  let columns: Record<string, string | number>
  try {
    columns =
      gained.kind === 'app-only'
        ? {}
        : await putSecret(deps, lease.row, connectionId, { value: secretOf(gained), rotation })
  } catch (error) {
    await lease.release()
    throw error
  }
  const access: Record<string, string | number> = { access_graph: '', access_outlook: '' }
  if (gained.kind !== 'password') {
    const token = { token: new Secret(gained.accessToken), expiresAt: gained.expiresAt }
    Object.assign(access, await accessColumns(deps, lease.row, gained.resource, token))
  }
  await lease.write({
    ...columns,
    ...access,
    kind: gained.kind,
    rotation,
    // The version before belongs to authority that was given up; it must not come back as a fallback.
    previousName: '',
    previousVersion: '',
    refreshedAt: deps.clock.now(),
    failures: 0,
    notBefore: 0,
    refusedAt: 0,
    failureCode: '',
    leaseOwner: '',
    leaseUntil: 0,
  })
  forgetTokens(deps, tenant, connectionId)
  await clearAttention(deps, { tenant, kind: 'connection', id: connectionId })
  if (gained.kind !== 'password')
    await setDue(deps, 'grant', tenant, connectionId, nextRefresh(deps.clock.now(), gained.expiresAt))
}

const secretOf = (gained: Exclude<NewGrant, { kind: 'app-only' }>): string =>
  gained.kind === 'oauth' ? gained.refreshToken : gained.password

async function leaseOfRow(deps: TokenDependencies, tenant: string, connectionId: string): Promise<Lease> {
  const table = deps.names.table('connections')
  const key = { partitionKey: connectionPartition(tenant, connectionId), rowKey: grantRowKey }
  const fresh: Row = {
    ...key,
    v: 1,
    secretKey: randomBytes(32).toString('base64'),
    generation: 1,
    versionsInGeneration: 0,
    rotation: 0,
    leaseOwner: '',
    leaseUntil: 0,
    fence: 0,
  }
  for (let attempt = 0; attempt < tries; attempt += 1) {
    let row = await deps.tables.get(table, key.partitionKey, key.rowKey)
    if (row === undefined) {
      try {
        row = { ...fresh, etag: await deps.tables.insert(table, fresh) }
      } catch (error) {
        if (!(error instanceof RowExistsError)) throw error
        continue
      }
    }
    const lease = await takeLease(deps.tables, table, row, deps.worker, leaseMs)
    if (lease !== undefined) return lease
    await deps.clock.sleep(200)
  }
  throw new GatewayError('refresh_busy', 'transient', {
    retryAfterMs: 30_000,
    description: 'The connection is being renewed by another worker.',
    remedy: 'Try again in half a minute.',
  })
}
