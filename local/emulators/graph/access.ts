/** Who may do what: token, permission, mailbox. Delegates need the `.Shared` scopes and full access. */
import type { User } from '../directory.js'
import { graphResource } from '../entra/scopes.js'
import type { AccessTokenClaims } from '../entra/verify-access-token.js'
import { GraphRefusal, usualRefusal } from './graph-refusal.js'
import type { GraphState } from './graph-state.js'

export type Permission = 'user' | 'read' | 'write' | 'send'

const needed: Record<Permission, string[]> = {
  user: ['User.Read', 'User.ReadBasic.All', 'User.Read.All'],
  read: ['Mail.ReadBasic', 'Mail.Read', 'Mail.ReadWrite'],
  write: ['Mail.ReadWrite'],
  send: ['Mail.Send'],
}

/** Claims of a good Graph token; anything else is 401. */
export function authenticate(state: GraphState, authorization: string | undefined): AccessTokenClaims {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1]
  const challenge = {
    'www-authenticate': `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`,
  }
  if (!token) throw new GraphRefusal(401, 'InvalidAuthenticationToken', 'Access token is empty.', challenge)
  const claims = state.verify(token)
  if (!claims) throw usualRefusal(401, undefined, challenge)
  if (claims.aud !== graphResource) {
    throw new GraphRefusal(
      401,
      'InvalidAuthenticationToken',
      'Access token validation failure. Invalid audience.',
      challenge,
    )
  }
  return claims
}

/** The user whose mailbox this is; `/me` needs a token of a person. */
export function mailboxOwner(state: GraphState, caller: AccessTokenClaims, id: string | undefined): User {
  if (id === undefined && !caller.upn) {
    throw new GraphRefusal(400, 'BadRequest', '/me request is only valid with delegated authentication flow.')
  }
  const user = state.directory.user(id ?? caller.oid)
  // Graph knows people by object id and principal name; a mail address is a name only when it is the same.
  const isName = id === undefined || [user?.oid, user?.upn].some((name) => name?.toLowerCase() === id.toLowerCase())
  if (!user || !isName || user.tenantId !== caller.tid) throw usualRefusal(404, 'ErrorInvalidUser')
  return user
}

/** `folder`: the well-known name in the path, where one is; somebody may have been given that folder alone. */
export function authorise(caller: AccessTokenClaims, owner: User, permission: Permission, folder = ''): void {
  if (!caller.upn) {
    if (!needed[permission].some((name) => caller.roles.includes(name))) throw refused(permission)
    return
  }
  const isOwn = owner.oid === caller.oid
  const held = caller.scp.split(' ')
  if (permission === 'user') {
    if (!held.some((s) => needed.user.includes(s) && (isOwn || s !== 'User.Read'))) throw refused(permission)
    return
  }
  const names = isOwn
    ? needed[permission].flatMap((n) => [n, `${n}.Shared`])
    : needed[permission].map((n) => `${n}.Shared`)
  if (!names.some((name) => held.includes(name))) throw refused(permission)
  const mayRead = permission === 'read' ? (owner.folderAccess?.[folder] ?? []) : []
  if (!isOwn && permission !== 'send' && !includes([...owner.fullAccess, ...mayRead], caller.upn))
    throw refused(permission)
}

/** May this caller put `from` into the From field of a mail sent through `owner`'s mailbox? */
export function maySendAs(state: GraphState, caller: AccessTokenClaims, owner: User, from: string): boolean {
  const sender = caller.upn ? state.directory.user(caller.upn) : owner
  const named = state.directory.user(from)
  if (!sender || !named) return false
  return named === sender || includes(named.sendAs, sender.upn) || includes(named.sendAs, sender.mail)
}

const refused = (permission: Permission): GraphRefusal =>
  permission === 'user'
    ? new GraphRefusal(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
    : usualRefusal(403)

const includes = (list: string[], upn: string): boolean =>
  list.some((entry) => entry.toLowerCase() === upn.toLowerCase())
