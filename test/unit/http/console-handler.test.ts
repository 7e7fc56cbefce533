/** The console behind its sign-in: headers, forms and tenants of its requests. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { consoleSignOut } from '../../../lib/http/console/console-handler.js'
import { formToken, newSession } from '../../../lib/http/console/console-session.js'
import {
  type Ask,
  acted,
  admitted,
  ask,
  audited,
  cookieOf,
  fromPage,
  gateway,
  load,
  signIn,
  typed,
  useConsoleGateway,
} from '../../support/console/console-gateway.js'

useConsoleGateway()

describe('SEC-15: headers of every answer', () => {
  test.each<[string, Ask]>([
    ['a page', { key: 'acme-key' }],
    ['the sign-in page', {}],
    ['a refusal', { key: 'acme-key', form: () => ({}) }],
    ['a fault', { key: 'operator-key', query: { tenant: 'other', fault: '1' } }],
    ['a redirect', { key: 'operator-key' }],
  ])('SEC-15: %s', async (_name, request) => {
    const response = await ask(request)
    const headers = response.headers as Record<string, string>
    const policy = headers['content-security-policy'] ?? ''
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'/)
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['cache-control']).toBe('no-store')
    const style = /<style>([\s\S]*?)<\/style>/.exec(String(response.body))?.[1]
    if (style !== undefined) expect(policy).toContain(createHash('sha256').update(style).digest('base64'))
  })
})

describe('session', () => {
  test('SEC-19: without the cookie the sign-in page; a spoofed principal or a key in the URL or header changes nothing', async () => {
    expect((await ask({})).status).toBe(401)
    const spoofed = { 'x-ms-client-principal-id': 'someone', authorization: 'Bearer operator-key' }
    expect((await ask({ headers: spoofed, query: { key: 'operator-key', code: 'operator-key' } })).status).toBe(401)
    expect((await ask({ key: 'acme-key' })).status).toBe(200)
  })

  test('a revoked key ends the session', async () => {
    const response = await ask({ key: 'revoked-key' })
    expect(response.status).toBe(401)
    expect(response.cookies?.map(({ name, maxAge }) => [name, maxAge])).toEqual([
      ['__Host-console-sign-in', 3600],
      ['__Host-console', 0],
    ])
  })

  test('SEC-14: signing in sets the sealed cookie and leads to the overview; a wrong key does not', async () => {
    const right = await ask({ headers: fromPage, form: typed(' acme-key ') }, signIn)
    expect(right).toMatchObject({ status: 303, headers: { location: '/console' } })
    expect(right.cookies?.[0]).toMatchObject({ name: '__Host-console', secure: true, httpOnly: true, path: '/' })
    expect(cookieOf(right)).not.toContain('acme-key')
    const opened = await ask({ headers: { cookie: `__Host-console=${cookieOf(right)}` } })
    expect(opened.status).toBe(200)
    const wrong = await ask({ headers: fromPage, form: typed('nope') }, signIn)
    expect(wrong.status).toBe(401)
    expect(wrong.cookies).toEqual([])
  })

  test('signing out needs the form token and clears the cookie', async () => {
    const signOut = consoleSignOut(async () => gateway)
    expect((await ask({ key: 'acme-key', form: () => ({}) }, signOut)).status).toBe(403)
    const out = await ask({ key: 'acme-key', form: (csrf) => ({ csrf }) }, signOut)
    expect(out).toMatchObject({ status: 303, cookies: [{ value: 'ended', maxAge: 0 }] })
  })
})

describe('forms', () => {
  const params = { id: 'm1', action: 'pause' }

  test('SEC-15: control: a form of our own page acts once and leaves an audit row', async () => {
    const response = await ask({ key: 'acme-key', params, form: (csrf) => ({ csrf }) })
    expect(response.status).toBe(303)
    expect(acted).toEqual(['acme pause m1'])
    expect(audited).toEqual([['a', 'acme', 'console-pause', 'm1']])
  })

  test.each<[string, Ask]>([
    ['no token', { form: () => ({}) }],
    ['another token', { form: () => ({ csrf: formToken(newSession('acme-key', 0)) }) }],
    ['a form of another site', { form: (csrf) => ({ csrf }), headers: { 'sec-fetch-site': 'cross-site' } }],
    ['a form of a sibling site', { form: (csrf) => ({ csrf }), headers: { 'sec-fetch-site': 'same-site' } }],
    ['a huge form', { form: (csrf) => ({ csrf, fill: 'x'.repeat(20_000) }) }],
  ])('SEC-15: %s is refused and nothing happens', async (_name, request) => {
    const response = await ask({ key: 'acme-key', params, ...request })
    expect([403, 413]).toContain(response.status)
    expect(acted).toEqual([])
    expect(audited).toEqual([])
  })

  test('SEC-17: a role without the permission is refused though it has the token', async () => {
    expect((await ask({ key: 'app-key', params, form: (csrf) => ({ csrf }) })).status).toBe(403)
    expect(acted).toEqual([])
  })
})

describe('tenant', () => {
  test('SEC-17: only an operator chooses; everybody else stays at home', async () => {
    expect((await ask({ key: 'acme-key', query: { tenant: 'other' } })).body).toContain('<h1>acme</h1>')
    expect((await ask({ key: 'operator-key', query: { tenant: 'other' } })).body).toContain('<h1>other</h1>')
    expect((await ask({ key: 'operator-key' })).status).toBe(303)
  })

  test.each(['nobody', '../x', '~', 'a b'])('an operator who names %j gets a page that says so', async (tenant) => {
    const response = await ask({ key: 'operator-key', query: { tenant } })
    expect([303, 404]).toContain(response.status)
    if (response.status === 404) expect(response.body).toContain('No such tenant')
  })

  test('a fault of ours shows the request id and none of its own words', async () => {
    const response = await ask({ key: 'operator-key', query: { tenant: 'other', fault: '1' } })
    expect(response.status).toBe(500)
    expect(response.body).toContain((response.headers as Record<string, string>)['x-request-id'])
    expect(response.body).not.toContain('inner')
  })
})

describe('A11: the console counts like the API', () => {
  test.each([
    ['test-mail', 'connect'],
    ['poll', 'connect'],
    ['reconnect', 'connect'],
    ['pause', undefined],
  ])('A11: %s counts as %s', async (action, kind) => {
    await ask({ key: 'acme-key', params: { id: 'm1', action }, form: (csrf) => ({ csrf }) })
    expect(admitted).toEqual([['acme', kind]])
  })

  test('A11: beyond the limit nothing is done', async () => {
    load.isFull = true
    const params = { id: 'm1', action: 'pause' }
    expect((await ask({ key: 'acme-key', params, form: (csrf) => ({ csrf }) })).status).toBe(429)
    expect(acted).toEqual([])
  })
})
