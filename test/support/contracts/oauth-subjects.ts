/** Any OAuth 2.0 server, for the provider contract: an emulator of ours, and one that nobody here wrote. */
import type { Registration } from '../../../lib/model/registration.js'
import type { GuardedFetch } from '../../../lib/ports/guarded-fetch.js'
import { oauth2Provider } from '../../../lib/providers/oauth2.js'
import { Secret } from '../../../lib/secret.js'
import { guardedFetch } from '../../../lib/transports/guarded-fetch.js'
import { guardedLookup } from '../../../lib/transports/guarded-lookup.js'
import { startOAuth } from '../../../local/emulators/oauth/start-oauth.js'
import { startOidcProvider } from './oidc-provider.js'
import type { ProviderSubject } from './provider-subject.js'

export const oauthScopes = ['openid', 'email', 'offline_access', 'mail']
const username = 'ana@example.com'
const secret = 'the-client-secret-of-the-gateway'
const redirectUri = 'http://localhost:7071/oauth/callback/r1'

export const localFetch = guardedFetch({ lookup: guardedLookup({ allowLoopback: true }), allowLoopback: true })

export const oauthRegistration = (issuer: string, more: Partial<Registration> = {}): Registration => ({
  id: 'r1',
  name: 'Example mail',
  tenant: '~',
  kind: 'oauth2',
  authority: issuer,
  clientId: 'gateway',
  credential: 'secret',
  secretName: 's',
  redirectUri,
  server: {
    clientAuthentication: 'client_secret_basic',
    scopes: oauthScopes,
    imap: { host: 'imap.example.com', port: 993, tls: 'implicit' },
    smtp: { host: 'smtp.example.com', port: 587, tls: 'starttls' },
  },
  ...more,
})

const asPublic = (registration: Registration): Registration => ({
  ...registration,
  clientId: 'public',
  credential: 'none',
  server: { ...registration.server!, clientAuthentication: 'none' },
})

/** The answers of the token endpoint pass through `change`; `forms`: what it was sent. */
function listening(forms: Record<string, string>[], change: (answer: Record<string, unknown>) => void = () => {}) {
  const fetch: GuardedFetch = async (url, request) => {
    const response = await localFetch(url, request)
    if (!new URL(url).pathname.endsWith('/token')) return response
    forms.push(formOf(request))
    if (!response.ok) return response
    const answer = (await response.json()) as Record<string, unknown>
    change(answer)
    return new Response(JSON.stringify(answer), { status: response.status, headers: response.headers })
  }
  return fetch
}

/** What proves the client may stand in a header. */
function formOf({ body = '', headers }: Parameters<GuardedFetch>[1]): Record<string, string> {
  const form = Object.fromEntries(new URLSearchParams(body))
  const [, basic] = /^Basic (.+)$/.exec(headers['authorization'] ?? '') ?? []
  return basic === undefined ? form : { ...form, client_secret: Buffer.from(basic, 'base64').toString().split(':')[1]! }
}

const clients = [
  { id: 'gateway', secret, authentication: 'client_secret_basic' as const, redirectUris: [redirectUri] },
  { id: 'public', redirectUris: [redirectUri] },
]
const users = [{ sub: 'ana-1', email: username, name: 'Ana Torres' }]

export async function oauthServerSubject(): Promise<ProviderSubject> {
  const now = Date.now()
  const server = await startOAuth({ clients, users, clock: () => now })
  const { control } = server
  return {
    ...subjectOf(server.url, () => now),
    signIn: (url) => control.signInAs(url, username),
    rotateStrictly: () => control.setManners({ rotation: 'strict' }),
    revoke: () => control.revoke(username),
    expireSecret: () => control.expireSecret('gateway'),
    fail: (fault) => control.fail({ kind: 'token', ...fault }),
    stop: server.stop,
  }
}

export async function oidcProviderSubject(): Promise<ProviderSubject> {
  const server = await startOidcProvider({ clients, users })
  return {
    ...subjectOf(server.url, Date.now),
    signIn: (url) => server.signInAs(url, username),
    rotateStrictly: () => {},
    revoke: () => server.forget(username),
    expireSecret: () => server.expireSecrets(),
    fail: (fault) => server.fail(fault),
    stop: server.stop,
  }
}

function subjectOf(issuer: string, now: () => number) {
  const registration = oauthRegistration(issuer)
  const forms: Record<string, string>[] = []
  return {
    provider: oauth2Provider({ fetch: listening(forms), now }),
    changing: (change: (answer: Record<string, unknown>) => void) =>
      oauth2Provider({ fetch: listening(forms, change), now }),
    clients: {
      secret: { registration, credential: new Secret(secret) },
      public: { registration: asPublic(registration), credential: undefined },
    },
    scopes: oauthScopes,
    given: { issuer },
    username,
    issuer,
    now,
    tokenRequests: () => forms,
  }
}
