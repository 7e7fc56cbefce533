/**
 * Where the endpoints of an authorization server are: as a registration sets them, or as the server publishes them
 * (OpenID Connect Discovery 1.0, RFC 8414). Whoever configured the server is no friend: its document must name the very
 * issuer it was asked for, each endpoint must be HTTPS, and nothing of it is believed for longer than an hour.
 */
import { type AuthorizationServer, discoveryRequest, processDiscoveryResponse } from 'oauth4webapi'
import { asGatewayError, GatewayError } from '../errors.js'
import type { Registration } from '../model/registration.js'
import { assertNotMicrosoft, serverOf } from './oauth2-rules.js'
import { type OAuthWire, openWire } from './oauth2-wire.js'

export interface Endpoints extends AuthorizationServer {
  authorization_endpoint: string
  token_endpoint: string
  /** That it can ask for. */
  prompts: string[]
}

const rememberMs = 3_600_000
const mostRemembered = 500
const longestUrl = 2_000

/** All that may sign an id_token: it comes straight from the token endpoint, so TLS speaks for it. */
const signings = ['RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519 HS256 HS384 HS512'].flatMap(
  (names) => names.split(' '),
)

export function endpointsOf({
  fetch,
  now,
}: Pick<OAuthWire, 'fetch' | 'now'>): (registration: Registration) => Promise<Endpoints> {
  const remembered = new Map<string, { read: Promise<Endpoints>; at: number }>()
  return async (registration) => {
    const { endpoints } = serverOf(registration)
    const issuer = registration.authority
    if (endpoints !== undefined)
      return checked({
        issuer,
        authorization_endpoint: endpoints.authorization,
        token_endpoint: endpoints.token,
        ...(endpoints.userinfo === undefined ? {} : { userinfo_endpoint: endpoints.userinfo }),
      })
    const known = remembered.get(issuer)
    if (known !== undefined && now() - known.at < rememberMs) return known.read
    const read = discover(fetch, issuer)
    if (remembered.size >= mostRemembered) remembered.clear()
    remembered.set(issuer, { read, at: now() })
    try {
      return await read
    } catch (error) {
      remembered.delete(issuer)
      // What was true an hour ago is better than nothing while the server is away.
      if (known === undefined || asGatewayError(error).class !== 'transient') throw error
      return known.read
    }
  }
}

async function discover(fetch: OAuthWire['fetch'], issuer: string): Promise<Endpoints> {
  const asked = await ask('oidc')
  return asked ?? (await ask('oauth2')) ?? unpublished(issuer)

  /** `undefined`: nothing is published there. */
  async function ask(algorithm: 'oidc' | 'oauth2'): Promise<Endpoints | undefined> {
    const call = openWire(fetch)
    const url = new URL(issuer)
    try {
      const response = await discoveryRequest(url, { ...call.options(issuer), algorithm })
      if ([400, 401, 403, 404, 405, 410].includes(response.status)) return undefined
      const document = await processDiscoveryResponse(url, response)
      // The library compares parsed URLs; an issuer is compared letter by letter (RFC 8414, section 3.3).
      if (document.issuer !== issuer) throw otherIssuer(issuer, document.issuer)
      return checked(document)
    } catch (error) {
      if (error instanceof GatewayError) throw error
      const { code, cause } = error as { code?: string; cause?: { body?: { issuer?: unknown } } }
      if (code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') throw otherIssuer(issuer, String(cause?.body?.issuer))
      throw call.fault(error)
    }
  }
}

/** Throws for a document that leads anywhere but to the endpoints of a web server. */
function checked(document: AuthorizationServer): Endpoints {
  const { issuer, authorization_endpoint = '', token_endpoint = '', userinfo_endpoint } = document
  const places = {
    authorization_endpoint,
    token_endpoint,
    ...(userinfo_endpoint === undefined ? {} : { userinfo_endpoint }),
  }
  for (const [name, url] of Object.entries(places)) if (!isEndpoint(url)) throw badEndpoint(issuer, name)
  assertNotMicrosoft(places)
  return {
    issuer,
    authorization_endpoint,
    token_endpoint,
    ...(userinfo_endpoint === undefined ? {} : { userinfo_endpoint }),
    id_token_signing_alg_values_supported: signings,
    authorization_response_iss_parameter_supported: document.authorization_response_iss_parameter_supported === true,
    prompts: stringsIn(document['prompt_values_supported']),
  }
}

const stringsIn = (list: unknown): string[] =>
  Array.isArray(list) ? list.filter((one) => typeof one === 'string').slice(0, 20) : []

function isEndpoint(url: unknown): url is string {
  if (typeof url !== 'string' || url.length > longestUrl || !URL.canParse(url)) return false
  const { protocol, hostname, username, password, hash } = new URL(url)
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
  return (protocol === 'https:' || (protocol === 'http:' && isHere)) && username + password + hash === ''
}

const unpublished = (issuer: string): never => {
  throw new GatewayError('oauth_server_unpublished', 'needs-admin', {
    hint: 'operator',
    description: `The server ${issuer} publishes no metadata.`,
    remedy:
      'Check the issuer of the registration, letter by letter, or give the endpoints of the server in the registration.',
  })
}

const otherIssuer = (issuer: string, named: string): GatewayError =>
  new GatewayError('oauth_server_mismatch', 'needs-admin', {
    hint: 'operator',
    description: `The metadata of ${issuer} belongs to another issuer: ${named.slice(0, 200)}.`,
    remedy: 'Correct the issuer of the registration; it must be exactly what the server calls itself.',
  })

const badEndpoint = (issuer: string, name: string): GatewayError =>
  new GatewayError('oauth_endpoint_refused', 'needs-admin', {
    hint: 'operator',
    description: `The metadata of ${issuer} names no usable ${name}: it must be an https:// URL.`,
    remedy: 'Correct the metadata at the server, or give the endpoints of the server in the registration.',
  })
