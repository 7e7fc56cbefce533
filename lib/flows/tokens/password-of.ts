import type { Connection } from '../../model/connection.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findGrant, type StoredGrant } from '../../rows/grants.js'
import { Secret } from '../../secret.js'
import { brokenConnection, notConnected } from './connection-state.js'
import { currentSecrets } from './current-secret.js'

const mostKept = 20_000

/**
 * The password of a connection that has one. It counts as long as the row points at it: the vault is asked once per
 * process, and not during its outage. `grant`: its own, when it was just read.
 */
export async function passwordOf(deps: Toolbox, connection: Connection, grant?: StoredGrant): Promise<Secret> {
  const { tenant, id } = connection
  const read = grant === undefined ? await findGrant(deps, tenant, id) : { connection, grant }
  if (read === undefined) throw notConnected()
  if (read.connection.state !== 'connected') throw brokenConnection(read.connection)
  const pointer = `${read.grant.secretName}~${read.grant.secretVersion}`
  const { passwords } = deps.memory
  const key = `${tenant}~${id}`
  const known = passwords.get(key)
  if (known?.pointer === pointer) return known.password
  const [current] = await currentSecrets(deps, read.grant)
  const password = new Secret(current?.value ?? '')
  if (passwords.size >= mostKept) passwords.clear()
  passwords.set(key, { pointer, password })
  return password
}

export function forgetPassword(deps: Toolbox, tenant: string, connectionId: string): void {
  deps.memory.passwords.delete(`${tenant}~${connectionId}`)
}
