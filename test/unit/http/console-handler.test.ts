import { createHash } from 'node:crypto'
import { HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions'
import { beforeEach, describe, expect, test } from 'vitest'
import { GatewayError, notFound } from '../../../lib/errors.js'
import {
  type ConsoleGateway,
  consoleHandler,
  consoleSignIn,
  consoleSignOut,
  requireRole,
} from '../../../lib/http/console/console-handler.js'
import { formToken, newSession, openSession, sealSession } from '../../../lib/http/console/console-session.js'
import type { Caller } from '../../../lib/model/caller.js'
import { findAction } from '../../../lib/pages/console/actions.js'
import { consolePage } from '../../../lib/pages/console/frame.js'
import { html } from '../../../lib/pages/html.js'
import { sealer } from '../../../lib/protocol/seal.js'

const seals = sealer([{ id: '202611', key: new Uint8Array(32).fill(7) }])
const callers = new Map<string, Caller>([
  ['operator-key', { role: 'operator', tenant: '~', keyId: 'o' }],
  ['acme-key', { role: 'tenant-admin', tenant: 'acme', keyId: 'a' }],
  ['app-key', { role: 'app', tenant: 'acme', keyId: 'p' }],
])
const audited: string[][] = []
const acted: string[] = []
const sessions = new Map<string, string>()
const admitted: [string, string | undefined][] = []
let isFull = false
const gateway: ConsoleGateway = {
  config: { publicBaseUrl: 'https://gateway.example' },
  admit: (tenant, kind) => {
    if (isFull) throw new GatewayError('too_many_requests', 'transient', { status: 429, description: 'Too many.' })
    admitted.push([tenant, kind])
  },
  admin: {
    beginConsoleSession: async ({ role }, { id }) => {
      sessions.set(id, role)
    },
    isConsoleSession: async ({ role }, id) => sessions.get(id) === role,
    endConsoleSession: async (_tenant, id) => {
      sessions.delete(id)
    },
  },
  authenticate: async (credential) => {
    const caller = callers.get(credential)
    if (caller) return caller
    throw new GatewayError('unauthorized', 'permanent', { status: 401 })
  },
  sealer: async () => seals,
  readTenant: async (id) => {
    if (!['acme', 'other'].includes(id)) throw notFound('tenant')
  },
  audit: async (caller, tenant, action, subject) => {
    audited.push([caller.keyId, tenant, action, subject])
  },
}

const handler = consoleHandler(
  async () => gateway,
  async ({ view, tenant, params, request }) => {
    if (request.method === 'POST') {
      requireRole(view, 'mailboxChange')
      acted.push(`${tenant} ${params['action']} ${params['id']}`)
      return { redirect: '/console' }
    }
    if (view.tenant === 'other' && request.query.has('fault')) throw new Error('inner <words>')
    return consolePage(view, '', 'Test', html`<h1>${tenant}</h1>`)
  },
  { operation: ({ action = '' }) => findAction('mailboxes', action)?.operation ?? '' },
)

interface Ask {
  key?: string
  query?: Record<string, string>
  headers?: Record<string, string>
  form?: (token: string) => Record<string, string>
  params?: Record<string, string>
}

async function ask(
  { key, query = {}, headers = {}, form, params = {} }: Ask,
  target = handler,
): Promise<HttpResponseInit> {
  const session = newSession(key ?? '', Date.now())
  sessions.set(session.id, callers.get(key ?? '')?.role ?? '')
  const cookie = key === undefined ? {} : { cookie: `__Host-console=${sealSession(seals, session)}` }
  const text = form && new URLSearchParams(form(formToken(session))).toString()
  const length = text === undefined ? {} : { 'content-length': String(text.length) }
  const request = new HttpRequest({
    method: text === undefined ? 'GET' : 'POST',
    url: `https://gateway.example/console?${new URLSearchParams(query)}`,
    headers: { ...formType, ...cookie, ...length, ...headers },
    query,
    params,
    ...(text === undefined ? {} : { body: { string: text } }),
  })
  return (await target(request, new InvocationContext({ logHandler: () => undefined }))) as HttpResponseInit
}

const formType = { 'content-type': 'application/x-www-form-urlencoded' }

const cookieOf = (response: HttpResponseInit): string => response.cookies?.[0]?.value ?? ''
const signIn = consoleSignIn(async () => gateway)
/** A form of the sign-in page, as this browser got it. */
const fromPage = { cookie: '__Host-console-sign-in=token-of-this-browser' }
const typed =
  (key: string, more: Record<string, string> = {}) =>
  () => ({
    token: 'token-of-this-browser',
    key,
    ...more,
  })

beforeEach(() => {
  audited.length = 0
  acted.length = 0
  admitted.length = 0
  isFull = false
})

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

  test('SEC-17: a role without the right is refused though it has the token', async () => {
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

describe('A12: a session ends at the server, and no other site begins one', () => {
  test('A12: a copied cookie is worth nothing after the sign-out', async () => {
    const begun = await ask({ headers: fromPage, form: typed('acme-key') }, signIn)
    const copied = { cookie: `__Host-console=${cookieOf(begun)}` }
    expect((await ask({ headers: copied })).status).toBe(200)
    const session = openSession(seals, cookieOf(begun), Date.now())!
    const signOut = consoleSignOut(async () => gateway)
    await ask({ headers: copied, form: () => ({ csrf: formToken(session) }) }, signOut)
    expect((await ask({ headers: copied })).status).toBe(401)
  })

  test('A12: a key whose role changed has no session any more', async () => {
    const begun = await ask({ headers: fromPage, form: typed('acme-key') }, signIn)
    callers.set('acme-key', { role: 'app', tenant: 'acme', keyId: 'a' })
    expect((await ask({ headers: { cookie: `__Host-console=${cookieOf(begun)}` } })).status).toBe(401)
    callers.set('acme-key', { role: 'tenant-admin', tenant: 'acme', keyId: 'a' })
  })

  test.each<[string, Record<string, string>, number]>([
    ['our own page', {}, 303],
    [
      'our own page, of a browser that says so',
      { 'sec-fetch-site': 'same-origin', origin: 'https://gateway.example' },
      303,
    ],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['another site, where only the origin is sent', { origin: 'https://evil.example' }, 403],
    ['a page without an origin', { origin: 'null' }, 403],
    ['a sibling site', { 'sec-fetch-site': 'same-site', origin: 'https://a.gateway.example' }, 403],
    ['another site in an old browser, which sends neither and has no cookie of ours', { cookie: '' }, 403],
    ['a page with the token of another browser', { cookie: '__Host-console-sign-in=another' }, 403],
  ])('A12: a sign-in from %s', async (_name, headers, status) => {
    const response = await ask({ headers: { ...fromPage, ...headers }, form: typed('acme-key') }, signIn)
    expect(response.status).toBe(status)
    expect((response.cookies ?? []).some(({ name, maxAge }) => name === '__Host-console' && maxAge !== 0)).toBe(
      status === 303,
    )
  })

  test.each(['text/plain', 'multipart/form-data; boundary=x', 'application/json', ''])(
    'A12: an action or sign-in sent as "%s" is refused: no form of the console is',
    async (type) => {
      const params = { id: 'm1', action: 'pause' }
      const asked = await ask({
        key: 'acme-key',
        params,
        headers: { 'content-type': type },
        form: (csrf) => ({ csrf }),
      })
      expect(asked.status).toBe(400)
      expect(acted).toEqual([])
      const headers = { ...fromPage, 'content-type': type }
      expect((await ask({ headers, form: typed('acme-key') }, signIn)).status).toBe(400)
    },
  )

  test('A12: an action from another origin is refused though its token is right', async () => {
    const params = { id: 'm1', action: 'pause' }
    const headers = { origin: 'https://evil.example' }
    expect((await ask({ key: 'acme-key', params, headers, form: (csrf) => ({ csrf }) })).status).toBe(403)
    expect(acted).toEqual([])
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
    isFull = true
    const params = { id: 'm1', action: 'pause' }
    expect((await ask({ key: 'acme-key', params, form: (csrf) => ({ csrf }) })).status).toBe(429)
    expect(acted).toEqual([])
  })
})

describe('O9: the deep link survives the sign-in', () => {
  test('O9: the page that was wanted is the page one lands on', async () => {
    const wanted = '/console/mails/abc?tenant=acme&done=true'
    const shown = await signIn(
      new HttpRequest({ method: 'GET', url: `https://gateway.example${wanted}` }),
      new InvocationContext({ logHandler: () => undefined }),
    )
    const page = String((shown as HttpResponseInit).body)
    expect(page).toContain('name="to" value="/console/mails/abc?tenant=acme&amp;done=true"')
    const response = await ask({ headers: fromPage, form: typed('acme-key', { to: wanted }) }, signIn)
    expect(response).toMatchObject({ status: 303, headers: { location: wanted } })
  })

  test.each([
    ...['//evil.example', 'https://evil.example', 'https:/evil.example', '/\\evil.example', '/\t/evil.example'],
    ...['/\n//evil.example', '\\\\evil.example', '/./\\evil.example', '/..//evil.example', '/console/..//evil.example'],
    ...['/console/../..//evil.example', '/console/%2e%2e//evil.example', '/console\\..\\..\\evil.example', '/consolex'],
    ...['/console@evil.example', 'javascript:alert(1)', '/console:80@evil.example/', 'console', '', ' /console'],
    ...['/connect/x.y', '/api/v1/mails', '/console/../api/v1/mails', '/console/%2e./api/v1/mails', '/console#x'],
    ...[
      '/console/\u0000',
      '/console/\r\nset-cookie: a=b',
      '/console/ｅvil',
      'http:console',
      '///console',
      '/%2fevil.example',
    ],
    ...[
      '/console/sign-out',
      '/console/sign-in',
      `/console/${'x'.repeat(2_000)}`,
      '//gateway.example@evil.example/console',
    ],
    ...['https://gateway.example.evil.example/console', '/.evil.example', '/console/..;/x\\', '//console', '/Console'],
  ])('SEC-10 O9: %j leads to the overview', async (to) => {
    const response = await ask({ headers: fromPage, form: typed('acme-key', { to }) }, signIn)
    expect(response).toMatchObject({ status: 303, headers: { location: '/console' } })
  })

  test.each(['/console', '/console?tenant=acme', '/console/logs?log=audit', '/console/mailboxes/a%20b'])(
    'O9: control: %s is kept',
    async (to) => {
      const response = await ask({ headers: fromPage, form: typed('acme-key', { to }) }, signIn)
      expect(response).toMatchObject({ status: 303, headers: { location: to } })
    },
  )
})

test('O15: after a refused action there is a way back to where one was', async () => {
  const request = { key: 'app-key', params: { id: 'm1', action: 'pause' }, form: (csrf: string) => ({ csrf }) }
  expect(String((await ask(request)).body)).toContain('Back to the overview')
})
