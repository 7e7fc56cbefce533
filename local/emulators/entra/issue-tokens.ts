import { createHash, randomBytes } from 'node:crypto'
import type { AppRegistration, User } from '../directory.js'
import type { EntraState } from './entra-state.js'
import { accessTokenSeconds } from './refresh-tokens.js'
import { nameOf } from './scopes.js'

/** base64url JSON MSAL builds the home account id from. */
export const clientInfo = (user: User): string =>
  Buffer.from(JSON.stringify({ uid: user.oid, utid: user.tenantId })).toString('base64url')

// Template ids of directory roles (learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference).
const globalAdministrator = '62e90394-69f5-4237-9190-012177145e10'
const everybody = 'b79fbf4d-3ef9-4689-8143-76b194e85509'

/** Object id of an application's service principal (the enterprise application) in one organisation. */
export const servicePrincipalId = (clientId: string, tenantId: string): string =>
  objectIdFrom(`${clientId}:${tenantId}`)

function objectIdFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}

/** An access token for one resource; `scp` for people, `roles` for the application itself. */
export function accessToken(
  state: EntraState,
  subject: { app: AppRegistration; tenantId: string; user?: User; aud: string; scp?: string[]; roles?: string[] },
): Promise<string> {
  const { app, tenantId, user } = subject
  const common = { ...times(state, accessTokenSeconds(state, user)), appid: app.clientId, tid: tenantId, ver: '1.0' }
  const who = user
    ? {
        oid: user.oid,
        upn: user.upn,
        unique_name: user.upn,
        name: user.displayName,
        scp: subject.scp?.join(' '),
        wids: user.administrator ? [globalAdministrator, everybody] : [everybody],
      }
    : { oid: servicePrincipalId(app.clientId, tenantId), roles: subject.roles, idtyp: 'app' }
  const sub = user ? pairwise(app, user) : servicePrincipalId(app.clientId, tenantId)
  return state.key.sign({
    aud: nameOf(subject.aud, state.resources),
    iss: `https://sts.windows.net/${tenantId}/`,
    ...common,
    ...who,
    sub,
    uti: uti(),
  })
}

/** The v2 id_token; a guest has another `oid`, and `idp` names the organisation at home. `oid`, `preferred_username` and `name` need `profile`, `email` needs `email`. */
export function idToken(
  state: EntraState,
  subject: { app: AppRegistration; user: User; tenantId: string; scopes: Set<string>; nonce?: string | undefined },
): Promise<string> {
  const { app, user, tenantId, scopes, nonce } = subject
  const isGuest = tenantId !== user.tenantId
  const oid = isGuest ? objectIdFrom(`${user.oid}:${tenantId}`) : user.oid
  return state.key.sign({
    aud: app.clientId,
    iss: `${state.issuerBase}/${tenantId}/v2.0`,
    ...(isGuest ? { idp: `https://sts.windows.net/${user.tenantId}/` } : {}),
    ...times(state, 3600),
    ...(scopes.has('profile') ? { oid, preferred_username: user.upn, name: user.displayName } : {}),
    ...(scopes.has('email') ? { email: user.mail } : {}),
    ...(nonce ? { nonce } : {}),
    sub: pairwise(app, user),
    tid: tenantId,
    uti: uti(),
    ver: '2.0',
  })
}

function times(state: EntraState, seconds: number) {
  const iat = Math.floor(state.now() / 1000)
  // Entra backdates nbf by some minutes for clocks that run late.
  return { iat, nbf: iat - 300, exp: iat + seconds }
}

const uti = () => randomBytes(16).toString('base64url')

const pairwise = (app: AppRegistration, user: User): string =>
  createHash('sha256').update(`${app.clientId}:${user.oid}`).digest('base64url')
