import type { Connection, Resource } from '../../model/connection.js'
import type { Authority } from '../../ports/authority.js'
import { readConnection } from '../common/connection-rows.js'
import { accessToken } from './access-token.js'
import { brokenConnection } from './connection-state.js'
import { passwordOf } from './password-of.js'
import { notConnected } from './refresh-grant.js'
import type { TokenDependencies } from './token-dependencies.js'

/** What a transport shows the mail server of `user`, the mailbox's address. Tokens are fetched when they are needed. */
export async function authorityFor(
  deps: TokenDependencies,
  connection: Connection,
  user: string,
  resource: Resource,
): Promise<Authority> {
  if (connection.mode === 'anonymous') return { kind: 'anonymous' }
  if (connection.state === 'needs-reconnect' || connection.state === 'removed') throw brokenConnection(connection)
  if (connection.mode === 'password')
    return { kind: 'password', user: connection.username, password: await passwordOf(deps, connection) }
  let shown: string | undefined
  return {
    kind: 'bearer',
    user,
    async token({ renew = false } = {}) {
      const refused = renew ? shown : undefined
      const { token } = await accessToken(deps, connection.tenant, connection.id, resource, refused)
      shown = token.reveal()
      return token
    },
  }
}

/** The same from ids. */
export async function authority(
  deps: TokenDependencies,
  tenant: string,
  connectionId: string,
  user: string,
  resource: Resource,
): Promise<Authority> {
  const connection = await readConnection(deps, tenant, connectionId)
  if (connection === undefined) throw notConnected()
  return authorityFor(deps, connection, user, resource)
}
