import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NetworkRequestOptions } from '@azure/msal-node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Registration } from '../../lib/model/registration.js'
import type { Clock } from '../../lib/ports/clock.js'
import type { Provider } from '../../lib/ports/provider.js'
import { newPkce } from '../../lib/protocol/pkce.js'
import { microsoftProvider } from '../../lib/providers/microsoft.js'
import { mailScopes } from '../../lib/providers/microsoft-scopes.js'
import { tokenClaims } from '../../lib/providers/microsoft-token.js'
import { networkClient } from '../../lib/providers/network-client.js'
import { Secret } from '../../lib/secret.js'
import { demo, demoDirectory } from '../../local/emulators/demo-directory.js'
import type { Directory } from '../../local/emulators/directory.js'
import { type Entra, startEntra } from '../../local/emulators/entra/start-entra.js'
import {
  microsoft,
  redirectUri,
  microsoftRegistration as registration,
} from '../support/contracts/provider-subjects.js'
import { failure } from '../support/general/failure.js'

const scopes = mailScopes({ receive: 'graph', send: 'graph' }).token('graph')
let now = 0
const clock: Clock = { now: () => now, sleep: async () => {} }
const credential = new Secret(demo.clientSecret)
let entra: Entra
let directory: Directory
let provider: Provider
const ana = () => directory.user('ana@contoso.example')!

beforeEach(async () => {
  now = Date.now()
  directory = demoDirectory({ redirectUris: [redirectUri], now: () => now, consentPolicy: 'legacy' })
  entra = await startEntra({ directory })
  provider = microsoftProvider({ clock, network: networkClient({ origins: { [microsoft]: entra.url } }) })
})
afterEach(() => entra.stop())

async function signIn(upn = 'ana@contoso.example', more: Partial<Registration> = {}, wanted = scopes) {
  const own = { ...registration, ...more }
  const { verifier, challenge } = newPkce()
  const asked = { registration: own, scopes: wanted, state: 'st', nonce: 'no', codeChallenge: challenge }
  const url = await provider.authorizeUrl({ ...asked, responseMode: 'query' })
  const { fields } = await entra.control.signInAs(url, upn)
  return {
    registration: own,
    credential: own.credential === 'none' ? undefined : credential,
    scopes: wanted,
    code: new Secret(fields['code'] ?? ''),
    codeVerifier: new Secret(verifier),
    nonce: 'no',
  }
}
test('the authorize URL carries PKCE, state, nonce, the exact redirect URI and the hint', async () => {
  const input = { registration, scopes, state: 's', nonce: 'n', codeChallenge: 'c', responseMode: 'form_post' } as const
  const hinted = new URL(await provider.authorizeUrl({ ...input, loginHint: 'ana@contoso.example' }))
  expect(hinted.origin + hinted.pathname).toBe(`${microsoft}/organizations/oauth2/v2.0/authorize`)
  expect(Object.fromEntries(hinted.searchParams)).toMatchObject({
    client_id: demo.clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    state: 's',
    nonce: 'n',
    code_challenge: 'c',
    code_challenge_method: 'S256',
    response_mode: 'form_post',
    login_hint: 'ana@contoso.example',
  })
  const open = new URL(await provider.authorizeUrl(input))
  expect(open.searchParams.get('prompt')).toBe('select_account')
})

test.each([
  ['confidential', {}],
  ['public', { clientId: demo.publicClientId, credential: 'none' }],
] as const)(
  'a %s client redeems a code, refreshes and gets the rotated refresh token each time',
  async (_kind, more) => {
    const input = await signIn('ana@contoso.example', more)
    const first = await provider.redeem(input)
    expect(first.identity).toMatchObject({ username: 'ana@contoso.example', tenantId: demo.tenantId })
    expect(first.expiresAt).toBeGreaterThan(now + 30 * 60_000)
    expect(first.scopes).toEqual(expect.arrayContaining(['https://graph.microsoft.com/Mail.Send']))
    let last = first.refreshToken!
    entra.control.setRotation('strict')
    for (let round = 0; round < 3; round += 1) {
      const next = await provider.refresh({ ...input, refreshToken: last, tenantId: demo.tenantId })
      expect(next.refreshToken?.reveal()).not.toBe(last.reveal())
      last = next.refreshToken!
    }
    expect(entra.control.requests.at(-1)?.path).toBe(`/${demo.tenantId}/oauth2/v2.0/token`)
  },
)

test('M-066: one refresh token gives a token for the second resource', async () => {
  const both = mailScopes({ receive: 'imap', send: 'graph' })
  const input = await signIn('ana@contoso.example', {}, both.consent)
  const first = await provider.redeem({ ...input, scopes: both.token('graph') })
  const outlook = await provider.refresh({ ...input, scopes: both.token('outlook'), refreshToken: first.refreshToken! })
  expect(tokenClaims(first.accessToken.reveal())?.aud).toBe('https://graph.microsoft.com')
  expect(tokenClaims(outlook.accessToken.reveal())).toMatchObject({ aud: 'https://outlook.office.com' })
})

test('M-127: a refusal keeps its AADSTS number, trace and correlation ids and time', async () => {
  const input = await signIn()
  const { refreshToken } = await provider.redeem(input)
  entra.control.revoke('ana@contoso.example')
  const error = await failure(provider.refresh({ ...input, refreshToken: refreshToken! }))
  expect(error).toMatchObject({ code: 'aadsts_50173', class: 'needs-reconnect' })
  const guid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  expect(error.trace).toEqual({
    trace_id: guid,
    correlation_id: guid,
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d/),
  })
  expect(JSON.stringify(error)).not.toContain(refreshToken!.reveal().slice(0, 40))
})

test('A10: a token endpoint that repeats code, refresh token or client secret leaves none of them in the error', async () => {
  const input = await signIn()
  const answers: string[] = []
  const wire = networkClient({ origins: { [microsoft]: entra.url } })
  const heard = microsoftProvider({
    clock,
    network: {
      ...wire,
      sendPostRequestAsync: async <T>(url: string, options?: NetworkRequestOptions) => {
        const answer = await wire.sendPostRequestAsync<T>(url, options)
        answers.push(JSON.stringify(answer.body))
        return answer
      },
    },
  })
  const { refreshToken } = await provider.redeem(input)
  const calls: [string, () => Promise<unknown>][] = [
    [input.code.reveal(), () => heard.redeem(input)],
    [refreshToken!.reveal(), () => heard.refresh({ ...input, refreshToken: refreshToken! })],
    [demo.clientSecret, () => heard.appToken({ ...input, tenantId: demo.tenantId })],
  ]
  for (const [secret, call] of calls) {
    entra.control.fail({ kind: 'token', body: 'echo' })
    const error = await failure(call())
    const hex = Buffer.from(secret).toString('hex').toUpperCase()
    // Negative control: the answer did repeat it, and the client secret beside it.
    for (const echo of [secret, hex, demo.clientSecret]) expect(answers.at(-1)).toContain(echo)
    const shown = JSON.stringify([
      error,
      error.message,
      error.stack,
      String(error.cause),
      (error.cause as Error)?.stack,
    ])
    expect(error.peerLine).toBe('[withheld: the server repeated a secret]')
    for (const part of [secret, secret.slice(8, 30), hex.slice(0, 40), demo.clientSecret])
      expect(shown).not.toContain(part)
    // Judged by what was said before it was withheld.
    expect(error.code).toBe('oauth_invalid_grant')
  }
})

/** A token endpoint of a few lines that answers with a changed id_token. */
async function answering(change: (claims: Record<string, unknown>) => object, more: Partial<Registration> = {}) {
  const network = networkClient({ origins: { [microsoft]: entra.url } })
  const post = network.sendPostRequestAsync.bind(network)
  network.sendPostRequestAsync = async <T>(url: string, options?: Parameters<typeof post>[1]) => {
    const response = await post<Record<string, unknown>>(url, options)
    const claims = JSON.parse(Buffer.from(String(response.body['id_token']).split('.')[1]!, 'base64url').toString())
    const changed = Buffer.from(JSON.stringify({ ...claims, ...change(claims) })).toString('base64url')
    response.body['id_token'] = `e30.${changed}.x`
    return response as Awaited<ReturnType<typeof post<T>>>
  }
  return microsoftProvider({ clock, network }).redeem(await signIn('ana@contoso.example', more))
}

test('SEC-08, P-24: an identity of another directory is refused, however its claims agree; the untouched one is accepted', async () => {
  const ofDirectory = { authority: `${microsoft}/${demo.tenantId}` }
  await answering(() => ({}))
  await answering(() => ({}), ofDirectory)
  const wrong: [string, object][] = [
    ['iss', { iss: 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0' }],
    ['iss', { tid: '9188040d-6c67-4c5b-b112-36a304b66dad' }],
    ['tid', { tid: demo.otherTenantId, iss: `${microsoft}/${demo.otherTenantId}/v2.0` }],
  ]
  for (const [claim, change] of wrong) {
    const error = await failure(answering(() => change, claim === 'tid' ? ofDirectory : {}))
    expect(error, claim).toMatchObject({ code: 'id_token_invalid', description: expect.stringContaining(claim) })
  }
})

test('M-077: a guest of the organisation is told so, and a member of it is let in', async () => {
  const guest = await failure(
    answering(() => ({ idp: 'https://sts.windows.net/7a1c0d3e-0000-4000-8000-00000000000f/' })),
  )
  expect(guest).toMatchObject({ code: 'guest_account', class: 'needs-reconnect' })
  expect(guest.description).toMatch(/guest/)
  ana().guestIn = [demo.otherTenantId]
  const elsewhere = await signIn('ana@contoso.example', { authority: `${microsoft}/${demo.otherTenantId}` })
  expect(await failure(provider.redeem(elsewhere))).toMatchObject({ code: 'guest_account' })
  // Negative control: at home the same person is no guest.
  await provider.redeem(await signIn('ana@contoso.example', { authority: `${microsoft}/${demo.tenantId}` }))
  await answering(() => ({ idp: `${microsoft}/${demo.tenantId}/v2.0` }))
})

test('issuerMatches: the exact origin, a tenant and v2.0', () => {
  const own = { ...registration, authority: `${microsoft}/${demo.tenantId}` }
  expect(provider.issuerMatches(registration, `${microsoft}/${demo.otherTenantId}/v2.0`)).toBe(true)
  expect(provider.issuerMatches(own, `${microsoft}/${demo.tenantId}/v2.0`)).toBe(true)
  expect(provider.issuerMatches(own, `${microsoft}/${demo.otherTenantId}/v2.0`)).toBe(false)
  for (const iss of ['', 'x', `${microsoft}.evil.example/${demo.tenantId}/v2.0`, `${microsoft}/common/v2.0`])
    expect(provider.issuerMatches(registration, iss)).toBe(false)
})

test('the network client gives up after its time and refuses redirects and endless answers', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (request.url === '/redirect') response.writeHead(307, { location: '/elsewhere' }).end()
    else if (request.url === '/elsewhere') response.end('{}')
    else if (request.url === '/endless') response.end('x'.repeat(2_000_000))
    else if (request.url === '/html') response.end('<html>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = networkClient({ origins: { [microsoft]: origin }, timeoutMs: 1_000 })
  for (const path of ['/silent', '/redirect', '/endless'])
    await expect(client.sendPostRequestAsync(microsoft + path), path).rejects.toThrow()
  expect(asked).toEqual(['/silent', '/redirect', '/endless'])
  expect((await client.sendGetRequestAsync<object>(`${microsoft}/html`)).body).toMatchObject({ error: 'server_error' })
  // The control: what the redirect leads to would have been answered.
  expect((await client.sendPostRequestAsync<object>(`${microsoft}/elsewhere`)).status).toBe(200)
  server.closeAllConnections()
  server.close()
})

test('A6: the domain of an address names the directory that owns it, and nothing else is asked for', async () => {
  const answers = async (domain: string) => provider.directoryOf(registration, domain)
  expect(await answers('contoso.example')).toBe(demo.tenantId)
  expect(await answers('CONTOSO.example')).toBe(demo.tenantId)
  expect(await answers('fabrikam.example')).toBe(demo.otherTenantId)
  expect(await answers('nobody.example')).toBeUndefined()
  // A domain below a verified one is not verified with it.
  expect(await answers('mail.contoso.example')).toBeUndefined()
  const asked = entra.control.requests.length
  for (const hostile of [
    'common',
    'organizations',
    demo.tenantId,
    'contoso.example/../x',
    'a.b?c',
    '',
    'x'.repeat(300),
  ])
    expect(await answers(hostile), hostile).toBeUndefined()
  expect(entra.control.requests).toHaveLength(asked)
})

test('A6: an answer that does not come, or is another, is a fault that passes and never an ownership', async () => {
  const body = { issuer: '' }
  const server = createServer((_, response) => response.end(JSON.stringify(body)))
  server.listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const other = microsoftProvider({ clock, network: networkClient({ origins: { [microsoft]: url } }) })
  for (const issuer of ['', 'x', `${microsoft}/{tenantid}/v2.0`, `${microsoft}/common/v2.0`]) {
    body.issuer = issuer
    const error = await failure(other.directoryOf(registration, 'contoso.example'))
    expect(error).toMatchObject({ code: 'directory_unknown', class: 'transient' })
  }
  await new Promise((done) => server.close(done))
  const error = await failure(other.directoryOf(registration, 'contoso.example'))
  expect(error).toMatchObject({ code: 'directory_unknown', class: 'transient' })
})
