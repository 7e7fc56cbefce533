/**
 * An OAuth 2.0 and OpenID server that is nobody's product: Yahoo, Zoho or a self-hosted one behave like it. Strict where
 * the standards are: exact redirect URIs, PKCE with S256, codes and rotated refresh tokens that serve once and end all
 * that came of them when they come twice, clients that must prove themselves the way they were registered for.
 */
import { controlEndpoint } from '../control-endpoint.js'
import { signingKey } from '../entra/signing-key.js'
import { type FaultOrder, Faults } from '../faults.js'
import { escapeHtml, json, loopbackServer, page, type Reply, type Request, seeOther } from '../loopback-server.js'
import { type OAuthClient, type OAuthManners, type OAuthState, type OAuthUser, opaque } from './oauth-state.js'
import { claimsOf, tokenEndpoint } from './oauth-token.js'

export type { OAuthClient, OAuthUser } from './oauth-state.js'

export interface OAuthOptions {
  clients: OAuthClient[]
  users: OAuthUser[]
  /** Known to it besides those of OpenID. Default `mail`. */
  scopes?: string[]
  manners?: Partial<OAuthManners>
  /** Default: its own address. */
  issuer?: string
  port?: number
  clock?: () => number
}

export interface OAuthControl {
  readonly counters: { requests: number }
  /** Every request, newest last. */
  readonly requests: OAuthState['log']
  setManners(change: Partial<OAuthManners>): void
  /** What goes out as metadata, token answer or userinfo passes through these first. */
  spoil(change: OAuthState['spoil']): void
  /** Ends all grants of a user. */
  revoke(email: string): void
  expireSecret(clientId: string): void
  fail(order: FaultOrder): void
  /** Plays the browser of one person who agrees; what the callback is given. */
  signInAs(authorizeUrl: string, email: string): Promise<Record<string, string>>
}

export interface OAuthServer {
  url: string
  issuer: string
  control: OAuthControl
  /** For the mail servers behind it. */
  verifyToken(token: string): { upn: string } | undefined
  stop(): Promise<void>
}

const ofOpenId = ['openid', 'email', 'profile', 'offline_access']

export async function startOAuth(options: OAuthOptions): Promise<OAuthServer> {
  const now = options.clock ?? Date.now
  const state: OAuthState = {
    issuer: options.issuer ?? '',
    clients: new Map(options.clients.map((client) => [client.id, { ...client }])),
    users: new Map(options.users.map((user) => [user.email.toLowerCase(), user])),
    scopes: new Set([...ofOpenId, ...(options.scopes ?? ['mail'])]),
    manners: {
      publishes: 'oidc',
      openId: true,
      userInfo: true,
      namesIssuer: true,
      rotation: 'none',
      lifeSeconds: 3_600,
      ...options.manners,
    },
    key: await signingKey({ signingKey: undefined }),
    now,
    codes: new Map(),
    refreshTokens: new Map(),
    accessTokens: new Map(),
    revoked: new Set(),
    faults: new Faults(),
    spoil: {},
    log: [],
  }
  const control = controlOf(state)
  const server = await loopbackServer(async (request) => {
    const form = Object.fromEntries(new URLSearchParams(request.body.toString()))
    const entry = { path: request.path, form, authorization: request.headers['authorization'] ?? '', status: 0 }
    state.log.push(entry)
    const reply = await route(state, control, request)
    entry.status = reply.status
    return reply
  }, options)
  if (state.issuer === '') state.issuer = server.url
  return {
    url: server.url,
    issuer: state.issuer,
    control,
    verifyToken: (token) => {
      const grant = state.accessTokens.get(token)
      if (grant === undefined || grant.until <= now() || state.revoked.has(grant.family)) return undefined
      return grant.scope.split(' ').includes('mail') ? { upn: grant.user.email } : undefined
    },
    stop: () => server.stop(),
  }
}

async function route(state: OAuthState, control: OAuthControl, request: Request): Promise<Reply> {
  const { publishes, userInfo } = state.manners
  switch (request.path) {
    case '/__control':
      return controlEndpoint(control, request)
    case '/.well-known/openid-configuration':
      return publishes === 'oidc' ? metadata(state) : json(404, {})
    case '/.well-known/oauth-authorization-server':
      return publishes === 'none' ? json(404, {}) : metadata(state)
    case '/authorize':
      return authorize(state, request)
    case '/token':
      return request.method === 'POST' ? tokenEndpoint(state, request) : json(405, {})
    case '/userinfo':
      return userInfo ? userInfoOf(state, request) : json(404, {})
    default:
      return json(404, {})
  }
}

function metadata(state: OAuthState): Reply {
  const { issuer, manners } = state
  const document: Record<string, unknown> = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    scopes_supported: [...state.scopes],
    ...(manners.userInfo ? { userinfo_endpoint: `${issuer}/userinfo` } : {}),
    ...(manners.namesIssuer ? { authorization_response_iss_parameter_supported: true } : {}),
  }
  state.spoil.metadata?.(document)
  return json(200, document)
}

/** The page on GET, the answer of the person on POST. */
function authorize(state: OAuthState, request: Request): Reply {
  const isAnswer = request.method === 'POST'
  const form = isAnswer ? new URLSearchParams(request.body.toString()) : request.url.searchParams
  const asked = isAnswer ? new URLSearchParams(form.get('request') ?? '') : form
  const text = (name: string): string => asked.get(name) ?? ''
  const client = state.clients.get(text('client_id'))
  // Nobody is sent to an address that was not registered (RFC 6749, section 4.1.2.1).
  if (!client?.redirectUris.includes(text('redirect_uri')))
    return signInPage(asked, [], 'Unknown client or redirect URI.')
  const back = (answer: Record<string, string>): Reply => {
    const url = new URL(text('redirect_uri'))
    const iss: Record<string, string> = state.manners.namesIssuer ? { iss: state.issuer } : {}
    for (const [name, value] of Object.entries({ ...answer, state: text('state'), ...iss }))
      url.searchParams.set(name, value)
    return seeOther(url.href)
  }
  if (text('response_type') !== 'code') return back({ error: 'unsupported_response_type' })
  if (text('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(text('code_challenge')))
    return back({ error: 'invalid_request' })
  const scopes = text('scope').split(' ')
  if (!scopes.every((scope) => state.scopes.has(scope))) return back({ error: 'invalid_scope' })
  if (!isAnswer) return signInPage(asked, [...state.users.values()])
  const user = state.users.get((form.get('user') ?? '').toLowerCase())
  if (user === undefined) return back({ error: 'access_denied' })
  const code = opaque()
  state.codes.set(code, {
    client: client.id,
    user,
    scope: scopes.join(' '),
    family: opaque(),
    redirectUri: text('redirect_uri'),
    challenge: text('code_challenge'),
    nonce: text('nonce'),
    used: false,
  })
  return back({ code })
}

function signInPage(asked: URLSearchParams, users: OAuthUser[], problem = ''): Reply {
  const buttons = users.map(
    ({ email, name }) =>
      `<button name="user" value="${escapeHtml(email)}">${escapeHtml(name ?? email)} (${escapeHtml(email)})</button>`,
  )
  return page(
    problem === '' ? 200 : 400,
    `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Sign in</title><h1>Sign in</h1><p>${problem}</p><form method="post" action="/authorize"><input type="hidden" name="request" value="${escapeHtml(asked.toString())}">${buttons.join('')}<button name="user" value="">Cancel</button></form></html>`,
  )
}

function userInfoOf(state: OAuthState, request: Request): Reply {
  const [, token = ''] = /^Bearer (.+)$/i.exec(request.headers['authorization'] ?? '') ?? []
  const grant = state.accessTokens.get(token)
  const isGood = grant !== undefined && grant.until > state.now() && !state.revoked.has(grant.family)
  if (!isGood) return json(401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' })
  const answer: Record<string, unknown> = { sub: grant.user.sub, ...claimsOf(grant.user) }
  state.spoil.userinfo?.(answer)
  return json(200, answer)
}

function controlOf(state: OAuthState): OAuthControl {
  return {
    get counters() {
      return { requests: state.log.length }
    },
    get requests() {
      return state.log
    },
    setManners: (change) => void Object.assign(state.manners, change),
    spoil: (change) => {
      state.spoil = change
    },
    revoke: (email) => {
      for (const { user, family } of [...state.refreshTokens.values(), ...state.accessTokens.values()])
        if (user.email.toLowerCase() === email.toLowerCase()) state.revoked.add(family)
    },
    expireSecret: (id) => void Object.assign(state.clients.get(id) ?? {}, { expired: true }),
    fail: (order) => state.faults.order(order),
    signInAs: async (authorizeUrl, email) => {
      const request = new URL(authorizeUrl).search.slice(1)
      const { origin } = new URL(authorizeUrl)
      const body = new URLSearchParams({ request, user: email })
      const answer = await fetch(`${origin}/authorize`, { method: 'POST', body, redirect: 'manual' })
      const location = answer.headers.get('location')
      if (location === null) throw new Error(`Sign-in was refused on a page: ${await answer.text()}`)
      return Object.fromEntries(new URL(location).searchParams)
    },
  }
}
