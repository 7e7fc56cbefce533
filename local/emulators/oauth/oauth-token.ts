/** The token endpoint: who the client is, then what it asks for (RFC 6749, RFC 7636, RFC 6819 for rotation). */
import { createHash } from 'node:crypto'
import { echoes, retryAfterHeader } from '../faults.js'
import { json, pause, type Reply, type Request } from '../loopback-server.js'
import { type IssuedGrant, type OAuthClient, type OAuthState, opaque } from './oauth-state.js'

/** RFC 6749, section 5.2. */
class Refusal extends Error {
  constructor(
    readonly error: string,
    readonly status = 400,
    readonly headers: Record<string, string> = {},
  ) {
    super(error)
  }
}

export async function tokenEndpoint(state: OAuthState, request: Request): Promise<Reply> {
  const form = new URLSearchParams(request.body.toString())
  const fault = state.faults.take(['token', form.get('grant_type') ?? 'none'], [])
  if (fault?.delayMs) await pause(fault.delayMs)
  if (fault?.drop) return { status: 0, drop: true }
  if (fault?.body === 'html')
    return { status: fault.status ?? 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad gateway</h1>' }
  if (fault?.body === 'echo') {
    const shown = form.get('refresh_token') ?? form.get('code') ?? ''
    const secret = form.get('client_secret') ?? secretOf(request)
    return json(400, { error: 'invalid_grant', error_description: `${echoes(shown)} ${secret}` })
  }
  if (fault?.status)
    return json(fault.status, { error: 'temporarily_unavailable' }, retryAfterHeader(fault, state.now()))
  try {
    const client = authenticated(state, request, form)
    const answer = await granted(state, client, form)
    state.spoil.token?.(answer)
    return json(200, answer, { 'cache-control': 'no-store' })
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal
    return json(refusal.status, { error: refusal.error }, refusal.headers)
  }
}

/** Section 2.3.1: both parts form-encoded before they are put together. */
function basicOf(request: Request): { id: string; secret: string } | undefined {
  const [, given] = /^Basic (.+)$/i.exec(request.headers['authorization'] ?? '') ?? []
  if (given === undefined) return undefined
  const [id = '', secret = ''] = Buffer.from(given, 'base64').toString().split(':')
  const decoded = (text: string) => decodeURIComponent(text.replaceAll('+', ' '))
  return { id: decoded(id), secret: decoded(secret) }
}

const secretOf = (request: Request): string => basicOf(request)?.secret ?? ''

function authenticated(state: OAuthState, request: Request, form: URLSearchParams): OAuthClient {
  const challenge = { 'www-authenticate': 'Basic realm="token"' }
  const basic = basicOf(request)
  const posted = form.get('client_secret')
  if (basic && posted !== null) throw new Refusal('invalid_request')
  const client = state.clients.get(basic?.id ?? form.get('client_id') ?? '')
  if (client === undefined) throw new Refusal('invalid_client', 401, challenge)
  const used = basic ? 'client_secret_basic' : posted === null ? 'none' : 'client_secret_post'
  const expected = client.authentication ?? (client.secret === undefined ? 'none' : used)
  const isProven = client.secret === undefined || (basic?.secret ?? posted) === client.secret
  if (used !== expected || !isProven || client.expired) throw new Refusal('invalid_client', 401, challenge)
  return client
}

async function granted(
  state: OAuthState,
  client: OAuthClient,
  form: URLSearchParams,
): Promise<Record<string, unknown>> {
  switch (form.get('grant_type')) {
    case 'authorization_code':
      return redeemed(state, client, form)
    case 'refresh_token':
      return refreshed(state, client, form)
    default:
      throw new Refusal('unsupported_grant_type')
  }
}

async function redeemed(state: OAuthState, client: OAuthClient, form: URLSearchParams) {
  const code = state.codes.get(form.get('code') ?? '')
  if (code === undefined || code.client !== client.id) throw new Refusal('invalid_grant')
  // A code that comes twice was stolen: what it gave ends (section 4.1.2).
  if (code.used) state.revoked.add(code.family)
  const challenge = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url')
  if (code.used || challenge !== code.challenge || code.redirectUri !== form.get('redirect_uri'))
    throw new Refusal('invalid_grant')
  code.used = true
  return issue(state, code, code.nonce)
}

async function refreshed(state: OAuthState, client: OAuthClient, form: URLSearchParams) {
  const given = form.get('refresh_token') ?? ''
  const token = state.refreshTokens.get(given)
  if (token === undefined || token.client !== client.id) throw new Refusal('invalid_grant')
  if (token.used) state.revoked.add(token.family)
  if (state.revoked.has(token.family)) throw new Refusal('invalid_grant')
  if (form.has('scope')) throw new Refusal('invalid_scope')
  token.used = state.manners.rotation === 'strict'
  const { refresh_token, ...answer } = await issue(state, token, undefined)
  return state.manners.rotation === 'strict' ? { ...answer, refresh_token } : answer
}

async function issue(state: OAuthState, grant: IssuedGrant, nonce: string | undefined) {
  const { client, user, scope, family } = grant
  const [accessToken, refreshToken] = [opaque(), opaque()]
  const life = typeof state.manners.lifeSeconds === 'number' ? state.manners.lifeSeconds : 3_600
  state.accessTokens.set(accessToken, { client, user, scope, family, until: state.now() + life * 1000 })
  if (nonce !== undefined || state.manners.rotation === 'strict')
    state.refreshTokens.set(refreshToken, { client, user, scope, family, used: false })
  const isOpenId = nonce !== undefined && state.manners.openId && scope.split(' ').includes('openid')
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: state.manners.lifeSeconds,
    refresh_token: refreshToken,
    scope,
    ...(isOpenId ? { id_token: await idToken(state, grant, nonce) } : {}),
  }
}

async function idToken(state: OAuthState, { client, user, scope }: IssuedGrant, nonce: string): Promise<string> {
  const now = Math.floor(state.now() / 1000)
  return state.key.sign({
    iss: state.issuer,
    aud: client,
    sub: user.sub,
    iat: now,
    exp: now + 600,
    ...(nonce === '' ? {} : { nonce }),
    ...(scope.split(' ').includes('email') ? claimsOf(user) : {}),
  })
}

export const claimsOf = ({
  email,
  emailVerified = true,
  name,
}: OAuthState['users'] extends Map<string, infer U> ? U : never) => ({
  email,
  email_verified: emailVerified,
  ...(name === undefined ? {} : { name }),
})
