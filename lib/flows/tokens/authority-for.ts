import type { Connection, ConnectionRef, Resource } from '../../model/connection.js'
import { resourceOfTransport } from '../../model/transports.js'
import type { Access, Authority } from '../../ports/authority.js'
import type { Provider } from '../../ports/provider.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findAuthority, type StoredGrant } from '../../rows/grants.js'
import type { Secret } from '../../secret.js'
import { accessToken, offerStored } from './access-token.js'
import { brokenConnection, notConnected } from './connection-state.js'
import { passwordOf } from './password-of.js'
import { providerOf } from './provider-of.js'

/**
 * What a transport shows the mail server of `user`, the mailbox's address. Tokens are fetched when they are needed; one
 * that lacks a right of `needed` is named before it is shown to anybody (M-068). `grant`: its own, when it was just
 * read.
 */
export async function authorityFor(
  deps: Toolbox,
  { connection, grant }: { connection: Connection; grant?: StoredGrant | undefined },
  { user, resource, needed = [] }: { user: string; resource: Resource; needed?: readonly string[] | undefined },
): Promise<Authority> {
  if (connection.mode === 'anonymous') return { kind: 'anonymous', from: user }
  if (connection.state === 'needs-reconnect' || connection.state === 'removed') throw brokenConnection(connection)
  if (connection.mode === 'password')
    return { kind: 'password', user: connection.username, password: await passwordOf(deps, connection, grant) }
  const provider = providerOf(deps, connection.provider)
  if (grant !== undefined && connection.state === 'connected') await offerStored(deps, resource, grant)
  let shown: string | undefined
  return {
    kind: 'bearer',
    user,
    ofApp: connection.mode === 'app-only',
    api: provider.mailApi?.(connection.identity?.issuer),
    async token({ renew = false } = {}) {
      const ask = async (refused: string | undefined): Promise<Secret> =>
        (await accessToken(deps, { tenant: connection.tenant, connectionId: connection.id }, { resource, refused }))
          .token
      let token = await ask(renew ? shown : undefined)
      // One from before a right was given is worth one more question.
      if (token.reveal() !== shown && lacks(provider, token, { resource, needed })) {
        token = await ask(token.reveal())
        provider.checkToken(token, resource, needed)
      }
      shown = token.reveal()
      return token
    },
  }
}

function lacks(
  provider: Provider,
  token: Secret,
  { resource, needed }: { resource: Resource; needed: readonly string[] },
): boolean {
  try {
    provider.checkToken(token, resource, needed)
    return false
  } catch {
    return true
  }
}

/** By its ids, in one request: who was disconnected a moment ago is let in nowhere. */
export async function findAccess(deps: Toolbox, tenant: string, connectionId: string): Promise<Access | undefined> {
  const read = await findAuthority(deps, tenant, connectionId)
  if (read === undefined) return undefined
  return {
    connection: read.connection,
    authority: async (user, target, needs) => {
      const hasToken = read.connection.mode !== 'password' && read.connection.mode !== 'anonymous'
      const needed =
        needs && hasToken ? providerOf(deps, read.connection.provider).neededScopes(needs, target) : undefined
      return authorityFor(deps, read, { user, resource: resourceOfTransport(target.transport), needed })
    },
  }
}

/** The same where there must be a connection. */
export async function readAuthority(
  deps: Toolbox,
  { tenant, connectionId }: ConnectionRef,
  { user, resource }: { user: string; resource: Resource },
): Promise<Authority> {
  const read = await findAuthority(deps, tenant, connectionId)
  if (read === undefined) throw notConnected()
  return authorityFor(deps, read, { user, resource })
}
