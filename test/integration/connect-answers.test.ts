/** Attacks on what comes back: accounts, codes, issuers, addresses, hand-offs and cookies. */
import { describe, expect, test } from 'vitest'
import { demo } from '../../local/emulators/demo-directory.js'
import { origin } from '../support/connect/connect-site.js'
import {
  begin,
  person,
  signIn,
  site,
  start,
  tenant,
  tokenCalls,
  underWay,
  useJourneySite,
} from '../support/connect/journey-site.js'

useJourneySite()

describe('attacks', () => {
  test('SEC-05, M-062, P-24: another account is refused, both accounts are named, nothing is kept', async () => {
    // The first journey of an environment makes the key that seals.
    await underWay()
    const secrets = site.vault.snapshot().length
    for (const expected of [
      () => person(),
      (upn: string) => `${upn}.evil.example`,
      (upn: string) => upn.slice(1),
      (upn: string) => upn.replace('person', 'pers0n'),
    ]) {
      const upn = person()
      const address = expected(upn)
      const { link, signInId } = await start(address)
      const page = await signIn(site.browser(), link, upn)
      expect(page.status).toBe(403)
      expect(page.body).toContain(upn)
      expect(page.body).toContain(address)
      expect(page.body).toContain('Try again')
      expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({
        status: 'refused',
        refusal: 'mailbox_mismatch',
        signedInAs: '',
        mailboxId: '',
      })
      const row = await site.tables.get(site.names.table('signins'), signInId.slice(0, 2), signInId)
      for (const column of ['sealedGrant', 'sealedReturn', 'verifierSealed', 'nonceSealed'])
        expect(row?.[column] ?? '', column).toBe('')
    }
    expect(site.vault.snapshot()).toHaveLength(secrets)
  })

  test('SEC-07: codes swapped between two running flows are refused', async () => {
    const [one, two] = [await underWay(), await underWay()]
    for (const [own, other] of [
      [one, two],
      [two, one],
    ] as const) {
      const swapped = new URL(own.callback)
      swapped.searchParams.set('code', other.callback.searchParams.get('code') ?? '')
      expect((await own.browser.visit({ method: 'GET', url: swapped.href })).status).toBeGreaterThanOrEqual(400)
      expect(await site.gateway.connect.describeSignIn(tenant, own.signInId)).toMatchObject({
        status: 'refused',
        connectionId: '',
      })
    }
  })

  test('SEC-08: an answer of another issuer is refused before any token request; the right issuer passes', async () => {
    const wrong = await underWay()
    wrong.callback.searchParams.set('iss', 'https://accounts.google.com')
    expect((await wrong.browser.visit({ method: 'GET', url: wrong.callback.href })).status).toBe(400)
    expect(tokenCalls()).toBe(0)
    const right = await underWay()
    right.callback.searchParams.set(
      'iss',
      'https://login.microsoftonline.com/7a1c0d3e-5b1f-4c55-9f3e-0c0de0000001/v2.0',
    )
    expect((await right.browser.visit({ method: 'GET', url: right.callback.href })).status).toBe(303)
  })

  test('SEC-09, M-053: hostile Host and forwarding headers do not change where the browser is sent', async () => {
    const { link } = await start(person())
    const hostile = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.example',
    }
    expect(new URL(await begin(site.browser(), link, hostile)).searchParams.get('redirect_uri')).toBe(
      `${origin}/oauth/callback`,
    )
    // One string in every request, and the one people are told to register.
    const upn = person()
    await signIn(site.browser(), (await start(upn)).link, upn)
    const sent = site.entra.control.requests.flatMap((one) => [one.query['redirect_uri'], one.form['redirect_uri']])
    expect(new Set(sent.filter((one) => one !== undefined))).toEqual(new Set([`${origin}/oauth/callback`]))
    expect(sent.filter((one) => one !== undefined).length).toBeGreaterThanOrEqual(2)
    for (const one of await site.gateway.admin.listUsableRegistrations(tenant))
      expect(one.redirectUri).toBe(`${origin}/oauth/callback`)
  })

  test('M-053: an address that is not registered for the app is named to the letter', async () => {
    // Nobody registered this address of the gateway: Microsoft shows so, and never comes back.
    const app = site.directory.app(demo.clientId)!
    const registered = app.redirectUris
    app.redirectUris = ['https://elsewhere.example/oauth/callback']
    try {
      const shown = await fetch(await begin(site.browser(), (await start(person())).link))
      expect(await shown.text()).toContain('AADSTS50011')
    } finally {
      app.redirectUris = registered
    }
    for (const code of ['AADSTS50011', 'AADSTS500112']) {
      const { browser, callback } = await underWay()
      callback.searchParams.delete('code')
      callback.searchParams.set('error', 'invalid_request')
      callback.searchParams.set('error_description', `${code}: The redirect URI does not match.`)
      const page = await browser.visit({ method: 'GET', url: callback.href })
      expect(page.body).toContain(`register exactly this redirect URI: ${origin}/oauth/callback`)
    }
  })

  test('SEC-11, SEC-12: markup from the provider is never shown and an error wins over a code', async () => {
    for (const [error, words] of [
      ['access_denied', 'plain words of the peer'],
      ['access_denied', '<img src=x onerror=alert(1)> words of the peer'],
      ['access_denied', `words of the peer ${'x'.repeat(5_000)}`],
      ['<script>', 'words of the peer\r\nset-cookie: a=b'],
    ] as const) {
      // With a code beside it, which must not be redeemed.
      const { browser, callback, signInId } = await underWay()
      callback.searchParams.set('error', error)
      callback.searchParams.set('error_description', words)
      callback.searchParams.set('error_uri', 'https://evil.example/words of the peer')
      const leg = await browser.visit({ method: 'GET', url: callback.href }, false)
      const judged = await browser.visit({ method: 'GET', url: leg.headers['location'] ?? '' }, false)
      const page = await browser.visit({ method: 'GET', url: judged.headers['location'] ?? '' }, false)
      expect([leg.status, judged.status, page.status]).toEqual([303, 303, 400])
      for (const answer of [leg, judged, page]) {
        expect(`${answer.body} ${JSON.stringify(answer.headers)}`).not.toMatch(/onerror|xxxxx|words of|<script|evil/)
        expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
      }
      expect(judged.url).toMatch(/\/oauth\/complete\?s=[a-z2-7]{8}$/)
      expect(page.url).toMatch(/\/connect\/[a-z2-7]{26}\.[a-z2-7]{32}\/result$/)
      expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({ status: 'refused' })
      expect((await browser.visit({ method: 'GET', url: callback.href })).status, 'invalidated').toBe(400)
    }
    expect(tokenCalls()).toBe(0)
  })

  test('SEC-13: an altered, truncated, swapped or missing hand-off is refused', async () => {
    const { browser, callback } = await underWay()
    const other = await underWay()
    const leg = await browser.visit({ method: 'GET', url: callback.href }, false)
    const url = leg.headers['location'] ?? ''
    const [name = ''] = [...browser.cookies.keys()].filter((key) => key.startsWith('__Host-return-'))
    await other.browser.visit({ method: 'GET', url: other.callback.href }, false)
    const [foreign] = [...other.browser.cookies]
      .filter(([key]) => key.startsWith('__Host-return-'))
      .map(([, cookie]) => cookie.value)
    const good = browser.cookies.get(name)!
    const flipped = good.value.slice(0, -3) + (good.value.at(-3) === 'A' ? 'B' : 'A') + good.value.slice(-2)
    for (const value of [flipped, good.value.slice(0, -8), foreign!, '']) {
      browser.cookies.set(name, { ...good, value })
      expect((await browser.visit({ method: 'GET', url })).status).toBe(400)
      browser.cookies.set(name, { ...good, value })
    }
    expect(tokenCalls()).toBe(0)
    browser.cookies.set(name, good)
    expect((await browser.visit({ method: 'GET', url })).status).toBe(303)
  })

  test('SEC-13: a code too big for a cookie waits in the row', async () => {
    const { browser, callback } = await underWay()
    callback.searchParams.set('code', `1.${'x'.repeat(6_000)}`)
    const leg = await browser.visit({ method: 'GET', url: callback.href }, false)
    const [cookie] = [...browser.cookies].filter(([key]) => key.startsWith('__Host-return-')).map(([, one]) => one)
    expect(cookie!.value.length).toBeLessThan(3_800)
    await browser.visit({ method: 'GET', url: leg.headers['location'] ?? '' })
    expect(site.entra.control.requests.at(-1)?.form['code']).toHaveLength(6_002)
  })

  test('SEC-14, SEC-15: every cookie and every page of the journey has the attributes and headers', async () => {
    const { browser, callback, link } = await underWay()
    await browser.visit({ method: 'GET', url: callback.href })
    const pages = [
      await browser.visit({ method: 'GET', url: `${link}/result` }),
      await site.browser().visit({ method: 'GET', url: link }),
      await site.browser().visit({ method: 'GET', url: `${origin}/connect/nothing` }),
    ]
    expect(browser.seen.length).toBeGreaterThan(2)
    for (const cookie of browser.seen) {
      expect(cookie.name).toMatch(/^__Host-/)
      expect(cookie).toMatchObject({ secure: true, httpOnly: true, path: '/', sameSite: 'Lax' })
      expect(cookie.domain).toBeUndefined()
    }
    for (const page of pages) {
      expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/)
      expect(page.headers['x-content-type-options']).toBe('nosniff')
      expect(page.body).not.toContain('<script')
    }
  })
})
