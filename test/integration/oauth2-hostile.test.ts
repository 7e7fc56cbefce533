/** Any address may be that of a hostile identity provider: what it can do to the gateway, and what it cannot (M-051). */
import { describe, expect, test } from 'vitest'
import { oauth2Provider } from '../../lib/providers/oauth2.js'
import { guardedFetch } from '../../lib/transports/guarded-fetch.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import {
  ana,
  newProvider,
  provider,
  scopes,
  serving,
  signIn,
  started,
  urlFor,
  useOAuthServers,
} from '../support/connect/oauth-person.js'
import { oauthRegistration } from '../support/contracts/oauth-subjects.js'
import { failure } from '../support/general/failure.js'

useOAuthServers()

describe('where it may be', () => {
  test('SEC-24: no address of a private network, of this machine or of the platform is asked', async () => {
    const server = await started()
    const guard = guardedLookup({ allowLoopback: false })
    const closed = oauth2Provider({ fetch: guardedFetch({ lookup: guard, allowLoopback: false }), now: Date.now })
    for (const issuer of [
      server.issuer,
      'https://127.0.0.1',
      'https://10.1.2.3',
      'https://169.254.169.254',
      'https://[::1]',
      'https://[::ffff:10.0.0.1]',
      'https://vault.vault.azure.net',
      'https://login.example.com:8443',
    ])
      expect(await failure(urlFor(oauthRegistration(issuer), closed)), issuer).toMatchObject({
        code: 'host_not_allowed',
      })
    // Negative control: the same server, where this machine is allowed.
    expect(await urlFor(oauthRegistration(server.issuer))).toContain(server.issuer)
  })

  test('SEC-24: metadata lead to no endpoint in there either', async () => {
    const server = await started()
    server.control.spoil({
      metadata: (document) => {
        document['token_endpoint'] = 'https://169.254.169.254/metadata'
      },
    })
    expect(await failure(signIn(server))).toMatchObject({ code: 'host_not_allowed' })
    server.control.spoil({})
    const again = newProvider()
    expect((await signIn(server, { at: again })).identity).toMatchObject({ username: ana })
  })

  test('no redirect is followed, neither to metadata nor with a code', async () => {
    const target = await started()
    const asked: string[] = []
    const lying = await serving(({ path }) => {
      asked.push(path)
      return { status: 307, headers: { location: `${target.issuer}${path}` } }
    })
    expect(await failure(urlFor(oauthRegistration(lying.url)))).toMatchObject({ code: 'net_answer_unreadable' })
    expect(asked).toHaveLength(1)
    expect(target.control.requests).toEqual([])
    // Negative control: asked at its own address it answers.
    expect(await urlFor(oauthRegistration(target.issuer))).toContain('/authorize')
  })

  test('M-051: endpoints elsewhere are used when they are HTTPS, and nothing else is an endpoint', async () => {
    const at = (endpoint: unknown) => async () => {
      const server = await started()
      server.control.spoil({ metadata: (document) => Object.assign(document, { authorization_endpoint: endpoint }) })
      return urlFor(oauthRegistration(server.issuer))
    }
    for (const bad of [
      'javascript:alert(1)',
      'http://login.example.com/authorize',
      'https://user:pass@login.example.com/',
      `https://login.example.com/${'a'.repeat(3_000)}`,
      'not an address',
      7,
      undefined,
    ])
      expect(await failure(at(bad)()), String(bad)).toMatchObject({ code: 'oauth_endpoint_refused' })
    expect(await at('https://login.example.com/authorize?tenant=1')()).toMatch(
      /^https:\/\/login\.example\.com\/authorize\?tenant=1&response_type=code/,
    )
  })

  test('RFC 8414: metadata of another issuer are refused, however little it differs', async () => {
    for (const change of ['https://login.example.com', '/', '/other']) {
      const server = await started()
      const issuer = change.startsWith('/') ? `${server.issuer}${change}` : change
      server.control.spoil({ metadata: (document) => Object.assign(document, { issuer }) })
      expect(await failure(urlFor(oauthRegistration(server.issuer))), issuer).toMatchObject({
        code: 'oauth_server_mismatch',
      })
    }
    for (const publishes of ['oidc', 'oauth2'] as const) {
      const server = await started({ manners: { publishes } })
      expect(await urlFor(oauthRegistration(server.issuer))).toContain(server.issuer)
    }
    const silent = await started({ manners: { publishes: 'none' } })
    expect(await failure(urlFor(oauthRegistration(silent.issuer)))).toMatchObject({ code: 'oauth_server_unpublished' })
  })

  test('M-051: endpoints set by hand need no metadata', async () => {
    const server = await started({ manners: { publishes: 'none' } })
    const registration = oauthRegistration(server.issuer)
    const endpoints = { authorization: `${server.issuer}/authorize`, token: `${server.issuer}/token` }
    const byHand = { ...registration, server: { ...registration.server!, endpoints } }
    expect(await urlFor(byHand)).toContain(`${server.issuer}/authorize?response_type=code`)
    expect(server.control.requests).toEqual([])
  })

  test('M-051: endpoints of Microsoft are refused with the way to go on', () => {
    const authorityOf = (issuer: string, authorization = 'https://login.example.com/authorize') =>
      provider.authorityOf({
        issuer,
        server: {
          clientAuthentication: 'none',
          scopes,
          endpoints: { authorization, token: 'https://login.example.com/token' },
        },
      })
    const said = (issuer: string, authorization?: string) => {
      try {
        return authorityOf(issuer, authorization)
      } catch (error) {
        return String((error as Error & { description: string }).description)
      }
    }
    const v1 = 'https://login.microsoftonline.com/common/oauth2/authorize'
    expect(said('https://login.example.com', v1)).toMatch(/endpoints\.authorization.*version 1.*kind "microsoft"/)
    expect(said('https://sts.windows.net/9b0f3c1e-6f2a-4c7d-8e55-0d1f2a3b4c5d/')).toMatch(/version 1/)
    expect(said('https://login.microsoftonline.com/common/v2.0')).toMatch(/belongs to Microsoft.*kind "microsoft"/)
    expect(said('https://login.microsoftonline.us/common/v2.0')).toMatch(/kind "microsoft"/)
    expect(said('https://login.microsoftonline.com.example.com')).toBe('https://login.microsoftonline.com.example.com')
  })
})

describe('how much and how long it may say', () => {
  test('an answer of more than 64 KiB is not read', async () => {
    const withNoise = async (bytes: number) => {
      const server = await started()
      server.control.spoil({ metadata: (document) => Object.assign(document, { noise: 'x'.repeat(bytes) }) })
      return urlFor(oauthRegistration(server.issuer))
    }
    expect(await failure(withNoise(66_000))).toMatchObject({ class: 'transient' })
    expect(await withNoise(50_000)).toContain('/authorize')
  })

  test('a server that never comes to its answer is left', async () => {
    const hurried = guardedFetch({
      lookup: guardedLookup({ allowLoopback: true }),
      allowLoopback: true,
      timeoutMs: 300,
    })
    const slow = await serving(() => new Promise(() => {}))
    const impatient = oauth2Provider({ fetch: hurried, now: Date.now })
    expect(await failure(urlFor(oauthRegistration(slow.url), impatient))).toMatchObject({ code: 'net_etimedout' })
    const dripping = await serving(() => ({ status: 200, body: 'x'.repeat(10_000), bytesPerSecond: 10 }))
    expect(await failure(urlFor(oauthRegistration(dripping.url), impatient))).toMatchObject({ code: 'net_etimedout' })
  })

  test('what is not called JSON is not read as JSON', async () => {
    const server = await started()
    const document = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).text()
    const typed = (type: string) => {
      const body = (origin: string) => document.replaceAll(server.issuer, origin)
      return serving(({ headers }) => ({
        status: 200,
        headers: { 'content-type': type },
        body: body(`http://${headers['host']}`),
      }))
    }
    for (const type of ['text/html', 'text/plain', 'application/jwt', ''])
      expect(await failure(urlFor(oauthRegistration((await typed(type)).url))), type).toMatchObject({
        code: 'net_answer_unreadable',
      })
    expect(await urlFor(oauthRegistration((await typed('application/json; charset=UTF-8')).url))).toContain(
      '/authorize',
    )
  })
})

describe('what its tokens may be', () => {
  test.each([
    [1e300, 86_400],
    [Number.MAX_SAFE_INTEGER, 86_400],
    ['600', 600],
    [600, 600],
    [0, 3_600],
    [undefined, 3_600],
  ])('a life of %s is one of %s seconds', async (expires_in, seconds) => {
    const server = await started()
    server.control.spoil({ token: (answer) => Object.assign(answer, { expires_in }) })
    const before = Date.now()
    const { expiresAt } = await signIn(server)
    expect(Math.round((expiresAt - before) / 1000)).toBeGreaterThanOrEqual(seconds - 1)
    expect(Math.round((expiresAt - before) / 1000)).toBeLessThanOrEqual(seconds + 20)
  })

  test.each([-1, 'soon', null, {}, '-600'])('a life of %s is none', async (expires_in) => {
    const server = await started()
    server.control.spoil({ token: (answer) => Object.assign(answer, { expires_in }) })
    expect(await failure(signIn(server))).toMatchObject({ code: 'net_answer_unreadable' })
  })

  test('SEC-26: a token that no header and no SASL answer could carry is not taken', async () => {
    for (const field of ['access_token', 'refresh_token'])
      for (const bad of ['a\r\nX-Evil: 1', 'a\x01auth=Bearer b', 'a b', '', 'ü', 'x'.repeat(20_000), 7]) {
        const server = await started()
        server.control.spoil({ token: (answer) => Object.assign(answer, { [field]: bad }) })
        const error = await failure(signIn(server))
        expect(error, `${field} ${String(bad).slice(0, 20)}`).toMatchObject({ code: 'net_answer_unreadable' })
        if (bad !== '' && bad !== 7) expect(JSON.stringify([error, error.peerLine])).not.toContain(String(bad))
      }
    const server = await started()
    server.control.spoil({ token: (answer) => Object.assign(answer, { refresh_token: 'x'.repeat(4_000) }) })
    expect((await signIn(server)).refreshToken?.reveal()).toHaveLength(4_000)
  })

  test('only bearer tokens are taken', async () => {
    const server = await started()
    server.control.spoil({ token: (answer) => Object.assign(answer, { token_type: 'mac' }) })
    expect(await failure(signIn(server))).toMatchObject({ code: 'net_answer_unreadable' })
  })
})
