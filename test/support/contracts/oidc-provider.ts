/**
 * A certified OpenID provider that nobody here wrote, on this machine. It rotates refresh tokens and ends the whole
 * grant when one comes twice. In front of it stands what can be wrong with any server: faults that a test orders.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { type ClientMetadata } from 'oidc-provider'
import type { OAuthClient, OAuthUser } from '../../../local/emulators/oauth/start-oauth.js'
import type { TokenFault } from './provider-subject.js'

export interface OidcProvider {
  url: string
  /** One more address that may be returned to. */
  allow(redirectUri: string): void
  signInAs(authorizeUrl: string, email: string): Promise<Record<string, string>>
  /** The account is gone: its grants end. */
  forget(email: string): void
  expireSecrets(): void
  fail(fault: TokenFault): void
  /** Whose access token it is; for the mail servers behind it. */
  verifyToken(token: string): Promise<{ upn: string } | undefined>
  stop(): Promise<void>
}

export async function startOidcProvider(given: { clients: OAuthClient[]; users: OAuthUser[] }): Promise<OidcProvider> {
  const users = new Map(given.users.map((user) => [user.sub, user]))
  const subjectOf = (email: string): string => given.users.find((user) => user.email === email)?.sub ?? ''
  const faults: TokenFault[] = []
  let areExpired = false
  const server = createServer((request, response) => front(request, response))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const build = () =>
    new Provider(url, {
      clients: given.clients.map(clientOf),
      scopes: ['openid', 'email', 'profile', 'offline_access', 'mail'],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      conformIdTokenClaims: false,
      rotateRefreshToken: true,
      pkce: { required: () => true },
      cookies: { keys: ['of this test'] },
      ttl: { Interaction: 600, Session: 600, Grant: 3_600, AccessToken: 3_600, RefreshToken: 3_600, IdToken: 600 },
      findAccount: async (_, sub) => {
        const user = users.get(sub)
        if (user === undefined) return undefined
        const { name, email } = user
        return {
          accountId: sub,
          claims: async () => ({ sub, email, email_verified: true, ...(name && { name }) }),
        }
      },
    })
  let provider = build()

  function front(request: IncomingMessage, response: ServerResponse): void {
    const isToken = request.url === '/token'
    const fault = isToken ? faults.shift() : undefined
    if (fault !== undefined) {
      misbehave(fault, request, response)
      return
    }
    if (isToken && areExpired) request.headers.authorization = `Basic ${btoa('gateway:another')}`
    void provider.callback()(request, response)
  }

  return {
    url,
    allow: (redirectUri) => {
      for (const { redirectUris } of given.clients) redirectUris.push(redirectUri)
      provider = build()
    },
    signInAs: (authorizeUrl, email) => signInAs(authorizeUrl, subjectOf(email)),
    forget: (email) => void users.delete(subjectOf(email)),
    expireSecrets: () => {
      areExpired = true
    },
    fail: (fault) => void faults.push(fault),
    verifyToken: async (token) => {
      const known = await provider.AccessToken.find(token)
      const isForMail = known?.scope?.split(' ').includes('mail') === true
      const user = users.get(known?.accountId ?? '')
      return isForMail && user !== undefined ? { upn: user.email } : undefined
    },
    stop: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

const clientOf = ({ id, secret, redirectUris }: OAuthClient): ClientMetadata => ({
  client_id: id,
  ...(secret === undefined ? {} : { client_secret: secret }),
  token_endpoint_auth_method: secret === undefined ? 'none' : 'client_secret_basic',
  // It knows no client without one.
  redirect_uris: redirectUris.length > 0 ? [...redirectUris] : ['https://nowhere.example'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  application_type: 'web',
})

function misbehave(fault: TokenFault, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    if (fault.drop) return response.destroy()
    if (fault.body === 'html')
      return response.writeHead(fault.status ?? 502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>')
    if (fault.body === 'echo') {
      const said = `${Buffer.concat(chunks)} ${Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64')}`
      return response
        .writeHead(400, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: 'invalid_grant', error_description: said }))
    }
    const wait = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }
    return response
      .writeHead(fault.status ?? 503, { 'content-type': 'application/json', ...wait })
      .end('{"error":"temporarily_unavailable"}')
  })
}

/** Follows its development pages: the name, then the consent. */
async function signInAs(authorizeUrl: string, login: string): Promise<Record<string, string>> {
  const cookies = new Map<string, string>()
  let next: { url: string; form?: Record<string, string> } = { url: authorizeUrl }
  for (let step = 0; step < 12; step++) {
    const { url, form } = next
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location !== null) {
      const to = new URL(location, url)
      if (to.pathname.startsWith('/oauth/callback')) return Object.fromEntries(to.searchParams)
      next = { url: to.href }
      continue
    }
    const page = await response.text()
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? []
    const [, prompt] = /name="prompt" value="([^"]+)"/.exec(page) ?? []
    if (action === undefined || prompt === undefined) throw new Error(`No form to go on with: ${page.slice(0, 500)}`)
    next = {
      url: new URL(action, url).href,
      form: { prompt, ...(prompt === 'login' ? { login, password: 'x' } : {}) },
    }
  }
  throw new Error('It went round in circles')
}
