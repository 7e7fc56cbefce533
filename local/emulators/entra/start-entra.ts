/**
 * The emulated Microsoft identity platform. Strict where Entra is strict: exact redirect URIs, PKCE, single-use codes,
 * one resource per token, real AADSTS numbers. MSAL talks to it unmodified once the origin
 * https://login.microsoftonline.com is mapped to `url`.
 */
import { type CloudName, clouds } from '../clouds.js'
import { controlEndpoint } from '../control-endpoint.js'
import type { Directory } from '../directory.js'
import { json, loopbackServer, type Reply, type Request } from '../loopback-server.js'
import { EntraRefusal } from './aadsts.js'
import { adminConsent } from './admin-consent.js'
import { authorize, signIn } from './authorize.js'
import { type EntraControl, entraControl } from './entra-control.js'
import { type EntraState, newEntraState } from './entra-state.js'
import { identityEndpoint } from './managed-identity.js'
import { openIdConfiguration, signingKeys } from './metadata.js'
import { signedOutPage } from './sign-in-page.js'
import { signingKey } from './signing-key.js'
import { tokenEndpoint } from './token-endpoint.js'
import { type AccessTokenClaims, verifyAccessToken } from './verify-access-token.js'

export type { EntraControl } from './entra-control.js'
export type { RotationMode } from './entra-state.js'
export type { AccessTokenClaims } from './verify-access-token.js'

export interface EntraOptions {
  directory: Directory
  /** Default 0, any free port. */
  port?: number
  /** The name in `url`: `localhost` makes sign-in a different site than an app on 127.0.0.1. */
  host?: '127.0.0.1' | 'localhost'
  /** What metadata calls this server when a proxy is in front; default `url`. */
  publicUrl?: string
  clock?: () => number
  /** Default: the global one. */
  cloud?: CloudName
}

export interface Entra {
  url: string
  control: EntraControl
  verifyAccessToken(token: string): AccessTokenClaims | undefined
  stop(): Promise<void>
}

export async function startEntra(options: EntraOptions): Promise<Entra> {
  const key = await signingKey(options.directory)
  const now = options.clock ?? options.directory.now
  const state = newEntraState(options.directory, { key, now, cloud: clouds[options.cloud ?? 'global'] })
  const control = entraControl(state, () => server.url)
  const server = await loopbackServer(
    (request) => logged(state, request, () => route(state, control, request)),
    options,
  )
  state.publicUrl = options.publicUrl ?? server.url
  return {
    url: server.url,
    control,
    verifyAccessToken: (token) => verifyAccessToken(state, token),
    stop: () => server.stop(),
  }
}

async function route(state: EntraState, control: EntraControl, request: Request): Promise<Reply> {
  if (request.path === '/__control') return controlEndpoint(control, request)
  if (request.path === '/introspect') return introspect(state, request)
  if (request.path === '/msi/token') return identityEndpoint(state, request)
  const [, segment = '', ...rest] = request.path.split('/')
  try {
    switch (rest.join('/')) {
      case 'v2.0/.well-known/openid-configuration':
        return openIdConfiguration(state, segment)
      case 'discovery/v2.0/keys':
        return signingKeys(state, segment)
      case 'oauth2/v2.0/authorize':
        return authorize(state, segment, request)
      case 'login':
        return signIn(state, segment, request)
      case 'oauth2/v2.0/token':
        return await tokenEndpoint(state, segment, request)
      case 'v2.0/adminconsent':
      case 'adminconsent':
        return adminConsent(state, segment, request)
      case 'oauth2/v2.0/logout':
        return signedOutPage()
    }
  } catch (refusal) {
    if (refusal instanceof EntraRefusal) return refusal.reply(state.now())
    throw refusal
  }
  return json(404, { error: 'not_found', error_description: `${request.method} ${request.path} is not emulated.` })
}

/** RFC 7662, with the JSON strings Dovecot compares. */
function introspect(state: EntraState, request: Request): Reply {
  state.counters.introspections += 1
  const token = new URLSearchParams(request.body.toString()).get('token') ?? ''
  const claims = verifyAccessToken(state, token)
  if (!claims) return json(200, { active: 'false' })
  const { upn, aud, scp, roles, exp, appid } = claims
  return json(200, {
    active: 'true',
    username: upn ?? appid,
    client_id: appid,
    aud,
    scope: scp || roles.join(' '),
    exp,
  })
}

async function logged(state: EntraState, request: Request, answer: () => Promise<Reply>): Promise<Reply> {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
  const form = isForm ? Object.fromEntries(new URLSearchParams(request.body.toString())) : {}
  const query = Object.fromEntries(request.url.searchParams)
  const entry = { at: state.now(), method: request.method, path: request.path, query, form, status: 0 }
  state.log.push(entry)
  if (state.log.length > 5000) state.log.shift()
  const reply = await answer()
  entry.status = reply.status
  return reply
}
