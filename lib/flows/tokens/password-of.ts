import type { Connection } from '../../model/connection.js'
import { Secret } from '../../secret.js'
import { brokenConnection } from './connection-state.js'
import { currentSecrets } from './current-secret.js'
import { readGrant } from './grant-row.js'
import { notConnected } from './refresh-grant.js'
import type { TokenDependencies } from './token-dependencies.js'

/** Spares the vault a request per poll, and carries running work over its outage (REL-19). */
const keptMs = 10 * 60_000
const kept = new WeakMap<TokenDependencies['tables'], Map<string, { until: number; password: Secret }>>()

/** The password of a connection that has one. */
export async function passwordOf(
  deps: TokenDependencies,
  connection: Pick<Connection, 'tenant' | 'id'>,
): Promise<Secret> {
  const memory = kept.get(deps.tables) ?? new Map<string, { until: number; password: Secret }>()
  kept.set(deps.tables, memory)
  const key = `${connection.tenant}~${connection.id}`
  const known = memory.get(key)
  if (known && deps.clock.now() < known.until) return known.password
  const read = await readGrant(deps, connection.tenant, connection.id)
  if (read === undefined) throw notConnected()
  if (read.connection.state !== 'connected') throw brokenConnection(read.connection)
  const [current] = await currentSecrets(deps, read.row, connection.id)
  const password = new Secret(current?.value ?? '')
  memory.set(key, { until: deps.clock.now() + keptMs, password })
  return password
}

export function forgetPassword(deps: TokenDependencies, tenant: string, connectionId: string): void {
  kept.get(deps.tables)?.delete(`${tenant}~${connectionId}`)
}
