/** One person at an emulated OAuth 2.0 server, and the provider that believes as little of it as it may. */
import type { Registration } from '../../../lib/model/registration.js'
import { newPkce } from '../../../lib/protocol/pkce.js'
import { oauth2Provider } from '../../../lib/providers/oauth2.js'
import { Secret } from '../../../lib/secret.js'
import { loopbackServer, type Reply, type Request } from '../../../local/emulators/loopback-server.js'
import { type OAuthOptions, type OAuthServer, startOAuth } from '../../../local/emulators/oauth/start-oauth.js'
import { localFetch, oauthRegistration } from '../contracts/oauth-subjects.js'
import { stopsAfterEach } from '../general/stops-after-each.js'

const stops: (() => Promise<unknown>)[] = []
/** Stops after each test what it started. */
export function useOAuthServers(): void {
  stopsAfterEach(stops)
}

const secret = new Secret('the-client-secret-of-the-gateway')
export const ana = 'ana@example.com'
export const scopes = ['openid', 'email', 'offline_access', 'mail']
export const newProvider = () => oauth2Provider({ fetch: localFetch, now: Date.now })
export const provider = newProvider()

export async function started(more: Partial<OAuthOptions> = {}): Promise<OAuthServer> {
  const { redirectUri } = oauthRegistration('http://x.example')
  const clients = [{ id: 'gateway', secret: secret.reveal(), redirectUris: [redirectUri] }]
  const server = await startOAuth({ clients, users: [{ sub: 'ana-1', email: ana }], ...more })
  stops.push(server.stop)
  return server
}

export async function serving(answer: (request: Request) => Reply | Promise<Reply>) {
  const server = await loopbackServer(answer)
  stops.push(server.stop)
  return server
}

export const urlFor = (registration: Registration, at = provider) =>
  at.authorizeUrl({ registration, scopes, state: 's', nonce: 'n', codeChallenge: 'c', responseMode: 'query' })

/** The whole way at this server, with everything it says believed as far as it may be. */
export async function signIn(server: OAuthServer, { at = provider, asked = scopes } = {}) {
  const registration = oauthRegistration(server.issuer)
  const { verifier, challenge } = newPkce()
  const where = await at.authorizeUrl({
    registration,
    scopes: asked,
    state: 's',
    nonce: 'n',
    codeChallenge: challenge,
    responseMode: 'query',
  })
  const { code = '' } = await server.control.signInAs(where, ana)
  const given = { code: new Secret(code), codeVerifier: new Secret(verifier), nonce: 'n' }
  return at.redeem({ registration, credential: secret, scopes: asked, ...given })
}
