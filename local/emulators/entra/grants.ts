/** The three grants of the token endpoint, each top to bottom: look up, guard, guard, issue. */
import { createHash } from 'node:crypto'
import type { AppRegistration, RefreshToken, User } from '../directory.js'
import { json, type Reply } from '../loopback-server.js'
import { EntraRefusal } from './aadsts.js'
import type { AuthorizationCode, EntraState } from './entra-state.js'
import { accessToken, clientInfo, idToken } from './issue-tokens.js'
import { accessTokenSeconds, conditionalAccess, newRefreshToken, useRefreshToken } from './refresh-tokens.js'
import { consentKey, graphResource, nameOf, oneResource, parseScopes, type Scope } from './scopes.js'
import { checkUserTenant, tenantOf } from './tenants.js'

export interface TokenRequest {
  segment: string
  app: AppRegistration
  form: URLSearchParams
}

export async function authorizationCodeGrant(state: EntraState, request: TokenRequest): Promise<Reply> {
  const { app, form } = request
  const code = state.codes.get(need(form, 'code'))
  if (!code) throw new EntraRefusal(70000)
  if (code.clientId !== app.clientId) throw new EntraRefusal(700030)
  if (code.redeemed) throw new EntraRefusal(54005)
  if (code.expiresAt <= state.now()) throw new EntraRefusal(70008)
  if (code.authority !== request.segment.toLowerCase() && !sameTenant(state, code, request.segment)) {
    throw new EntraRefusal(700005)
  }
  if (need(form, 'redirect_uri') !== code.redirectUri) throw new EntraRefusal(500112)
  checkVerifier(code, form.get('code_verifier'))
  const user = state.directory.user(code.userOid)
  if (!user) throw new EntraRefusal(50034)
  if (user.flags.includes('blocked')) throw new EntraRefusal(53003)
  conditionalAccess(state, user)
  code.redeemed = true

  const known = { allowed: app.scopes, resources: state.resources }
  const atAuthorize = parseScopes(code.scope, known)
  const asked = form.get('scope') ? parseScopes(form.get('scope')!, known) : atAuthorize
  // A code asked for several resources without naming one here is good for the first.
  const target = oneResource(asked.scopes, !form.get('scope') || state.lenientResources)
  const refresh = atAuthorize.openId.has('offline_access') ? newRefreshToken(state, app, user) : undefined
  return answer(state, request, user, { ...target, openId: asked.openId, refresh, nonce: code.nonce })
}

export async function refreshTokenGrant(state: EntraState, request: TokenRequest): Promise<Reply> {
  const { app, form } = request
  const asked = parseScopes(form.get('scope') ?? '', { allowed: app.scopes, resources: state.resources })
  const target = oneResource(asked.scopes, state.lenientResources)
  const { record, user } = useRefreshToken(state, app, need(form, 'refresh_token'))
  checkUserTenant(state, user, request.segment)
  // A refresh token is good for whatever was consented to by now; what is refused does not use it up.
  consentedScopes(state, app, user, target)
  record.usedAt ??= state.now()
  const refresh = state.rotation === 'none' ? undefined : newRefreshToken(state, app, user, record.family)
  return answer(state, request, user, { ...target, openId: asked.openId, refresh })
}

export async function clientCredentialsGrant(state: EntraState, request: TokenRequest): Promise<Reply> {
  const { app, form, segment } = request
  const tenant = tenantOf(state, segment)
  if (!tenant) throw new EntraRefusal(900023, 'Name the tenant.')
  const { scopes } = parseScopes(need(form, 'scope'), { allowed: app.scopes, resources: state.resources })
  const [scope] = scopes
  if (!scope || scopes.length > 1 || scope.name !== '.default')
    throw new EntraRefusal(70011, 'Use {resource}/.default.')
  if (app.secrets.length + app.certificates.length + app.federated.length === 0) throw new EntraRefusal(7000218)
  const wanted = scope.resource === graphResource ? /^(Mail|User|MailboxSettings)\./ : /\.(AccessAsApp|SendAsApp)$/
  const granted = app.roles[tenant.id]
  if (granted === undefined) throw new EntraRefusal(7000229, `Application '${app.clientId}'.`)
  const roles = granted.filter((r) => wanted.test(r))
  const token = await accessToken(state, { app, tenantId: tenant.id, aud: scope.resource, roles })
  return tokens({ token_type: 'Bearer', ...lifetimes(state), access_token: token })
}

async function answer(
  state: EntraState,
  request: TokenRequest,
  user: User,
  grant: {
    resource: string
    scopes: Scope[]
    openId: Set<string>
    refresh: RefreshToken | undefined
    nonce?: string | undefined
  },
): Promise<Reply> {
  const { app } = request
  const granted = consentedScopes(state, app, user, grant)
  const tenantId = tenantOf(state, request.segment)?.id ?? user.tenantId
  const subject = { app, tenantId, user, aud: grant.resource, scp: granted.map((s) => s.name) }
  return tokens({
    token_type: 'Bearer',
    scope: [...granted.map((s) => s.asked), ...[...grant.openId].filter((s) => s !== 'offline_access')].join(' '),
    ...lifetimes(state, user),
    access_token: await accessToken(state, subject),
    ...(grant.refresh ? { refresh_token: grant.refresh.token } : {}),
    ...(grant.openId.has('openid')
      ? { id_token: await idToken(state, { app, user, tenantId, scopes: grant.openId, nonce: grant.nonce }) }
      : {}),
    client_info: clientInfo(user),
  })
}

/** The asked scopes when all are consented; `.default` or none at all means everything consented at the resource. */
function consentedScopes(
  state: EntraState,
  app: AppRegistration,
  user: User,
  grant: { resource: string; scopes: Scope[] },
): Scope[] {
  const given = new Set([
    ...(state.directory.consents.get(`${app.clientId} ${user.oid}`) ?? []),
    ...(state.directory.consents.get(`${app.clientId} tenant:${user.tenantId}`) ?? []),
  ])
  const named = grant.scopes.filter((s) => s.name !== '.default')
  if (named.length > 0) {
    const missing = named.find((s) => !given.has(consentKey(s)) && !given.has('*'))
    if (missing) throw new EntraRefusal(65001, `Scope ${missing.asked}.`)
    return named
  }
  const all = [...given].filter((key) => key.startsWith(`${grant.resource}/`) && !key.endsWith('/.default'))
  return parseScopes(all.join(' ')).scopes.map((one) => ({
    ...one,
    asked: `${nameOf(one.resource, state.resources)}/${one.name}`,
  }))
}

function checkVerifier(code: AuthorizationCode, verifier: string | null): void {
  if (!code.challenge) {
    if (verifier) throw new EntraRefusal(501481, 'The code was issued without a challenge.')
    return
  }
  if (!verifier || !/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) throw new EntraRefusal(501481)
  const hashed = createHash('sha256').update(verifier).digest('base64url')
  if (hashed !== code.challenge) throw new EntraRefusal(501481)
}

// A code from `common` may be redeemed at the signed-in user's own tenant, and the other way round.
function sameTenant(state: EntraState, code: AuthorizationCode, segment: string): boolean {
  const own = state.directory.user(code.userOid)?.tenantId
  return [code.authority, segment].every((s) => (tenantOf(state, s)?.id ?? own) === own)
}

function need(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (!value) throw new EntraRefusal(900144, `Parameter '${name}'.`)
  return value
}

function lifetimes(state: EntraState, user?: User) {
  const seconds = accessTokenSeconds(state, user)
  return { expires_in: seconds, ext_expires_in: seconds }
}

const tokens = (body: Record<string, unknown>): Reply =>
  json(200, body, { 'cache-control': 'no-store', pragma: 'no-cache' })
