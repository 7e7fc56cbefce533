/** Sessions of the console: how they begin and end, and where one lands. */
import { HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions'
import { describe, expect, test } from 'vitest'
import { consoleSignOut } from '../../../lib/http/console/console-handler.js'
import { formToken, openSession } from '../../../lib/http/console/console-session.js'
import {
  acted,
  ask,
  callers,
  cookieOf,
  fromPage,
  gateway,
  seals,
  signIn,
  typed,
  useConsoleGateway,
} from '../../support/console/console-gateway.js'

useConsoleGateway()

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
