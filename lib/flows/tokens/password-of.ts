import type { Connection } from '../../model/connection.js'
import type { Row } from '../../ports/tables.js'
import { grant, readGrant } from '../../rows/grants.js'
import { Secret } from '../../secret.js'
import { brokenConnection, notConnected } from './connection-state.js'
import { currentSecrets } from './current-secret.js'
import type { TokenDependencies } from './token-dependencies.js'

const mostKept = 20_000
/**
 * A password counts as long as the row points at it: the vault is asked once per process, and not during its outage.
 */
const kept = new WeakMap<TokenDependencies['tables'], Map<string, { pointer: string; password: Secret }>>()

/** The password of a connection that has one. `row`: its grant, when it was just read. */
export async function passwordOf(deps: TokenDependencies, connection: Connection, row?: Row): Promise<Secret> {
  const { tenant, id } = connection
  const read = row === undefined ? await readGrant(deps, tenant, id) : { connection, row }
  if (read === undefined) throw notConnected()
  if (read.connection.state !== 'connected') throw brokenConnection(read.connection)
  const pointer = `${grant.secretName(read.row)}~${grant.secretVersion(read.row)}`
  const memory = kept.get(deps.tables) ?? new Map<string, { pointer: string; password: Secret }>()
  kept.set(deps.tables, memory)
  const key = `${tenant}~${id}`
  const known = memory.get(key)
  if (known?.pointer === pointer) return known.password
  const [current] = await currentSecrets(deps, read.row, id)
  const password = new Secret(current?.value ?? '')
  if (memory.size >= mostKept) memory.clear()
  memory.set(key, { pointer, password })
  return password
}

export function forgetPassword(deps: TokenDependencies, tenant: string, connectionId: string): void {
  kept.get(deps.tables)?.delete(`${tenant}~${connectionId}`)
}
