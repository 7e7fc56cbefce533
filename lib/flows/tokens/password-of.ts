import type { Connection } from '../../model/connection.js'
import { findGrant, type StoredGrant } from '../../rows/grants.js'
import { Secret } from '../../secret.js'
import { brokenConnection, notConnected } from './connection-state.js'
import { currentSecrets } from './current-secret.js'
import type { TokenDependencies } from './token-dependencies.js'

const mostKept = 20_000
/**
 * A password counts as long as the row points at it: the vault is asked once per process, and not during its outage.
 */
const kept = new WeakMap<TokenDependencies['tables'], Map<string, { pointer: string; password: Secret }>>()

/** The password of a connection that has one. `grant`: its own, when it was just read. */
export async function passwordOf(
  deps: TokenDependencies,
  connection: Connection,
  grant?: StoredGrant,
): Promise<Secret> {
  const { tenant, id } = connection
  const read = grant === undefined ? await findGrant(deps, tenant, id) : { connection, grant }
  if (read === undefined) throw notConnected()
  if (read.connection.state !== 'connected') throw brokenConnection(read.connection)
  const pointer = `${read.grant.secretName}~${read.grant.secretVersion}`
  const memory = kept.get(deps.tables) ?? new Map<string, { pointer: string; password: Secret }>()
  kept.set(deps.tables, memory)
  const key = `${tenant}~${id}`
  const known = memory.get(key)
  if (known?.pointer === pointer) return known.password
  const [current] = await currentSecrets(deps, read.grant)
  const password = new Secret(current?.value ?? '')
  if (memory.size >= mostKept) memory.clear()
  memory.set(key, { pointer, password })
  return password
}

export function forgetPassword(deps: TokenDependencies, tenant: string, connectionId: string): void {
  kept.get(deps.tables)?.delete(`${tenant}~${connectionId}`)
}
