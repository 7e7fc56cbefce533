import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { demo } from '../../local/emulators/demo-directory.js'
import {
  beginSignIn,
  type ConnectSite,
  origin,
  registrationInput,
  resultOf,
  signInAt,
  startConnectSite,
  tokenOf,
} from '../support/connect/connect-site.js'
import { everyConnection, everyMailbox } from '../support/general/every.js'
import type { Answer, Browser } from '../support/http/cookie-jar.js'

const tenant = 'acme'
const returnUrl = 'https://app.example.com/mail/done'
const binding = 'session-of-the-app-user'
let site: ConnectSite
let counter = 0

beforeAll(async () => {
  site = await startConnectSite(inject('azurite'))
  await site.gateway.admin.createTenant({ id: tenant, name: 'Acme Ltd' })
  await site.gateway.admin.saveRegistration(tenant, undefined, registrationInput)
  await site.gateway.admin.addReturnUrl(tenant, returnUrl)
})
afterAll(() => site.stop())
beforeEach(() => site.entra.control.reset())

/** A person of the emulated Contoso whom no other test uses. */
function person(): string {
  const upn = `person${++counter}@contoso.example`
  site.directory.addUser({ upn, displayName: `Person ${counter}`, password: 'x' })
  return upn
}

const asked = { displayName: '', receive: true, send: true, transport: 'auto' as const }
const start = (address: string, more: object = {}) =>
  site.gateway.connect.startSignIn(
    tenant,
    { ...asked, address, returnUrl, binding, confirmation: 'result-code', ...more },
    'tenant-admin',
  )

const tokenCalls = (): number => Object.values(site.entra.control.counters.tokenCalls).reduce((a, b) => a + b, 0)

const begin = beginSignIn
const signIn = (browser: Browser, link: string, upn: string): Promise<Answer> => signInAt(site, browser, link, upn)

describe('the way from link to mailbox', () => {
  test('M-057: code flow with PKCE, state, nonce and a hint; the verifier never travels in a URL', async () => {
    const upn = person()
    const { link } = await start(upn)
    const url = new URL(await begin(site.browser(), link))
    const parameters = Object.fromEntries(url.searchParams)
    expect(url.origin).toBe(site.entra.url)
    expect(parameters).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      login_hint: upn,
      redirect_uri: `${origin}/oauth/callback`,
    })
    expect(parameters['nonce']).toMatch(/^\S{26,}$/)
    expect(parameters['state']).toMatch(/^[a-z2-7]{26}\.[a-z2-7]{32}$/)
    expect(parameters['code_challenge']).toMatch(/^[\w-]{43}$/)
    expect(url.href).not.toContain('verifier')
  })

  test('M-059, M-061, M-071: signed in, confirmed with code and binding, and only then there is a mailbox', async () => {
    const upn = person()
    const browser = site.browser()
    const { link, signInId } = await start(upn)
    const secretsBefore = site.vault.snapshot().length
    const page = await signIn(browser, link, upn)
    // Back to the application at once; the page of the result is there for who looks.
    expect(page.status).toBe(303)
    expect(page.headers['location']).toContain(`${returnUrl}?result=${signInId}.`)
    const shown = await browser.visit({ method: 'GET', url: `${link}/result` })
    expect(shown.body).toContain(`Signed in as ${upn}`)
    expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({
      status: 'signed-in',
      mailboxId: '',
    })
    expect(site.vault.snapshot().length).toBe(secretsBefore)
    const code = resultOf(page)
    await expect(
      site.gateway.connect.confirmSignIn(tenant, signInId, { code, binding: 'of-another-session' }),
    ).rejects.toMatchObject({ code: 'binding_mismatch' })
    await expect(
      site.gateway.connect.confirmSignIn(tenant, signInId, { code: 'wrong', binding }),
    ).rejects.toMatchObject({ code: 'result_code_invalid' })
    await expect(site.gateway.connect.confirmSignIn('other', signInId, { code, binding })).rejects.toMatchObject({
      code: 'not_found',
    })
    await expect(site.gateway.connect.confirmByAdmin(tenant, signInId)).rejects.toMatchObject({
      code: 'sign_in_not_ready',
    })
    const confirmed = await site.gateway.connect.confirmSignIn(tenant, signInId, { code, binding })
    const mailbox = await site.gateway.admin.readMailboxFacts(tenant, confirmed.mailboxId)
    expect(mailbox).toMatchObject({ address: upn, connectionState: 'connected', active: true })
    expect(mailbox.receive).toMatchObject({ transport: 'graph', folder: 'inbox' })
    expect(mailbox.receive).not.toHaveProperty('after')
    expect(mailbox.key).toMatch(/^[a-z0-9]{1,5}$/)
    await expect(site.gateway.connect.confirmSignIn(tenant, signInId, { code, binding })).rejects.toMatchObject({
      code: 'sign_in_used',
    })
    await expect(start(upn)).rejects.toMatchObject({ code: 'mailbox_exists' })
  })

  test('M-059, P-30, SEC-13: a cross-site form_post without our cookies ends well too', async () => {
    const upn = person()
    const browser = site.browser()
    const { link } = await start(upn)
    const url = `${await begin(browser, link)}`.replace('response_mode=query', 'response_mode=form_post')
    const { fields, isForm } = await site.entra.control.signInAs(url, upn)
    expect(isForm).toBe(true)
    const from = 'https://login.microsoftonline.com'
    expect(browser.header('POST', from)).toBe('')
    const leg = await browser.visit({ method: 'POST', url: `${origin}/oauth/callback`, form: fields, from }, false)
    expect(leg.status).toBe(303)
    expect(leg.headers['location']).not.toContain(fields['code'])
    expect(tokenCalls()).toBe(0)
    await browser.visit({ method: 'GET', url: leg.headers['location'] ?? '', from })
    const page = await browser.visit({ method: 'GET', url: `${link}/result` })
    expect(page.body).toContain(`Signed in as ${upn}`)
    // Neither the code nor a token is in a URL, in a page or in a cookie that could be read.
    const secrets = [fields['code'] ?? '', ...site.directory.refreshTokens.keys()]
    const shown = [leg, page].flatMap((one) => [one.url, one.body, ...Object.values(one.headers)])
    const cookies = browser.seen.map((cookie) => cookie.value)
    expect(secrets.length).toBeGreaterThan(1)
    for (const text of [...shown, ...cookies]) {
      for (const secret of secrets) expect(text).not.toContain(secret)
      expect(text).not.toMatch(/eyJ[\w-]{10,}\.eyJ/)
    }
    // Used once: the same leg again ends nowhere.
    const used = await browser.visit({ method: 'GET', url: leg.headers['location'] ?? '', from })
    expect(used.status).toBe(400)
  })

  test('M-061: cancel kills the link and leaves nothing', async () => {
    const upn = person()
    const browser = site.browser()
    const { link, signInId } = await start(upn)
    const page = await browser.visit({ method: 'GET', url: link })
    const cancelled = await browser.visit({
      method: 'POST',
      url: `${link}/cancel`,
      form: { token: tokenOf(page.body) },
    })
    expect(cancelled.body).toContain('was not connected')
    expect((await browser.visit({ method: 'GET', url: link })).status).toBe(410)
    expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({
      status: 'cancelled',
      mailboxId: '',
    })
  })

  test('M-063, M-064: a delegate signs in for a shared mailbox', async () => {
    const { link, signInId } = await start('info@contoso.example', {
      expectedUser: 'ana@contoso.example',
      confirmation: 'confirmed-by-link',
    })
    const page = await signIn(site.browser(), link, 'ana@contoso.example')
    expect(page.body).toContain('info@contoso.example is connected')
    const { mailboxId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    expect(await site.gateway.admin.readMailboxFacts(tenant, mailboxId)).toMatchObject({
      address: 'info@contoso.example',
      connectionState: 'connected',
    })
  })

  test('M-069, P-05: reconnect in place keeps the mailbox; another account is refused', async () => {
    const upn = person()
    const { link, signInId } = await start(upn, { confirmation: 'confirmed-by-link' })
    await signIn(site.browser(), link, upn)
    const { mailboxId, connectionId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    const again = await site.gateway.connect.startReconnect(tenant, mailboxId)
    const other = await signIn(site.browser(), again.link, person())
    expect(other.status).toBe(403)
    const page = await signIn(site.browser(), again.link, upn)
    expect(page.body).toContain('is connected')
    expect(await site.gateway.connect.describeSignIn(tenant, again.signInId)).toMatchObject({
      status: 'confirmed',
      mailboxId,
      connectionId,
    })
  })

  test('an administrator confirms a link that was handed on; only an administrator may skip it', async () => {
    const upn = person()
    const { link, signInId } = await start(upn, {
      confirmation: 'tenant-admin',
      returnUrl: undefined,
      binding: undefined,
    })
    const page = await signIn(site.browser(), link, upn)
    expect(page.body).toContain('We told the administrators of')
    expect(await site.gateway.connect.confirmByAdmin(tenant, signInId)).toMatchObject({
      status: 'confirmed',
      address: upn,
    })
    const input = { ...asked, address: person(), confirmation: 'confirmed-by-link' as const }
    await expect(site.gateway.connect.startSignIn(tenant, input, 'app')).rejects.toMatchObject({
      code: 'forbidden_confirmation',
    })
  })
})

describe('attacks', () => {
  /** A callback of a flow that is under way. */
  async function underWay(): Promise<{ browser: Browser; callback: URL; signInId: string; upn: string; link: string }> {
    const upn = person()
    const browser = site.browser()
    const { link, signInId } = await start(upn)
    const { url } = await site.entra.control.signInAs(await begin(browser, link), upn)
    return { browser, callback: new URL(url), signInId, upn, link }
  }

  test('SEC-01, M-058: no mutation of the state reaches the token endpoint; the untouched one does', async () => {
    const { browser, callback, signInId } = await underWay()
    const row = () => site.tables.get(site.names.table('signins'), signInId.slice(0, 2), signInId)
    const before = await row()
    const state = callback.searchParams.get('state') ?? ''
    const [id = '', secret = ''] = state.split('.')
    const states = [
      '',
      'x',
      id,
      `${id}.`,
      `.${secret}`,
      `${id}.${secret.slice(1)}`,
      `${id}.${secret}a`,
      `${id}.${secret.toUpperCase()}`,
      `${id.toUpperCase()}.${secret}`,
      `${secret}.${id}`,
      `${state}.${secret}`,
      ` ${state}`,
      `${state}\0`,
      `${id}.${'a'.repeat(32)}`,
      `${'a'.repeat(26)}.${secret}`,
      state.replace('.', '~'),
      encodeURIComponent(`${state} `),
      `${state}${state}`,
    ]
    for (const one of states) {
      const url = new URL(callback)
      url.searchParams.set('state', one)
      expect((await browser.visit({ method: 'GET', url: url.href })).status, one).toBe(400)
    }
    const doubled = new URL(callback)
    doubled.searchParams.append('state', state)
    expect((await browser.visit({ method: 'GET', url: doubled.href })).status).toBe(400)
    const absent = new URL(callback)
    absent.searchParams.delete('state')
    expect((await browser.visit({ method: 'GET', url: absent.href })).status).toBe(400)
    expect(tokenCalls()).toBe(0)
    expect(await row(), 'not even touched').toEqual(before)
    expect((await browser.visit({ method: 'GET', url: callback.href })).status).toBe(303)
  })

  test('M-058: replay, expiry, another browser and another tenant end with 400 and an audit row, no token call', async () => {
    await site.gateway.admin.createTenant({ id: 'rival', name: 'Rival Ltd' })
    await site.gateway.admin.saveRegistration('rival', undefined, registrationInput)
    const audited = async (signInId: string, of = tenant) =>
      (await site.gateway.ops.listLog(of, { log: 'audit', limit: 200 }))
        .filter((row) => row['subject'] === signInId && row['action'] === 'sign-in-refused')
        .map((row) => row['code'])
    const statusOf = async (browser: Browser, url: URL) =>
      (await browser.visit({ method: 'GET', url: url.href })).status

    const replayed = await underWay()
    expect(await statusOf(replayed.browser, replayed.callback)).toBe(303)
    site.entra.control.reset()
    expect(await statusOf(replayed.browser, replayed.callback)).toBe(400)
    expect(await audited(replayed.signInId)).toEqual(['sign_in_used'])

    const late = await underWay()
    const table = site.names.table('signins')
    const key = { partitionKey: late.signInId.slice(0, 2), rowKey: late.signInId }
    const row = await site.tables.get(table, key.partitionKey, key.rowKey)
    await site.tables.update(table, { ...key, stageUntil: Date.now() - 1 }, row?.etag ?? '')
    expect(await statusOf(late.browser, late.callback)).toBe(400)
    expect(await audited(late.signInId)).toEqual(['flow_expired'])

    const stolen = await underWay()
    expect(await statusOf(site.browser(), stolen.callback)).toBe(400)
    expect(await audited(stolen.signInId)).toEqual(['state_mismatch'])

    // The rival's own sign-in, under way in the rival's own browser, with the state of ours.
    const rival = site.browser()
    const own = await site.gateway.connect.startSignIn(
      'rival',
      { ...asked, address: person(), confirmation: 'confirmed-by-link' },
      'tenant-admin',
    )
    await beginSignIn(rival, own.link)
    const ours = await underWay()
    expect(await statusOf(rival, ours.callback)).toBe(400)
    expect(await audited(ours.signInId)).toEqual(['state_mismatch'])
    expect(await audited(ours.signInId, 'rival')).toEqual([])
    expect(tokenCalls()).toBe(0)
  })

  test('SEC-02: of twenty parallel returns one wins', async () => {
    const { browser, callback } = await underWay()
    const leg = await browser.visit({ method: 'GET', url: callback.href }, false)
    const url = leg.headers['location'] ?? ''
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => {
        const twin = site.browser()
        for (const [name, cookie] of browser.cookies) twin.cookies.set(name, cookie)
        return twin.visit({ method: 'GET', url }, false)
      }),
    )
    expect(answers.filter((one) => one.status === 303)).toHaveLength(1)
    expect(answers.filter((one) => one.status === 400)).toHaveLength(19)
    expect(tokenCalls()).toBe(1)
  })

  test('SEC-03: another browser is refused and the state is invalidated', async () => {
    const { browser, callback } = await underWay()
    expect((await site.browser().visit({ method: 'GET', url: callback.href })).status).toBe(400)
    expect((await browser.visit({ method: 'GET', url: callback.href })).status).toBe(400)
    expect(tokenCalls()).toBe(0)
  })

  test('SEC-04: a form post without our page first, or with its token in another browser, has no effect', async () => {
    const { link } = await start(person())
    const browser = site.browser()
    const page = await browser.visit({ method: 'GET', url: link })
    // Back to the page of the link, and nowhere else.
    for (const [who, token] of [
      [browser, ''],
      [browser, 'f'.repeat(64)],
      [site.browser(), tokenOf(page.body)],
    ] as const)
      expect((await who.visit({ method: 'POST', url: link, form: { token } }, false)).headers['location']).toBe(
        `${link}?again=1`,
      )
    const sent = await browser.visit({ method: 'POST', url: link, form: { token: tokenOf(page.body) } }, false)
    expect(sent.headers['location']).toContain(site.entra.url)
  })

  test('SEC-04: a victim who signs in at an attacker’s link gives nothing away without the session that started it', async () => {
    await site.gateway.admin.createTenant({ id: 'attacker', name: 'Attacker Ltd' })
    await site.gateway.admin.saveRegistration('attacker', undefined, registrationInput)
    await site.gateway.admin.addReturnUrl('attacker', 'https://attacker.example/done')
    const secrets = site.vault.snapshot().length
    const victim = person()
    const { link, signInId } = await site.gateway.connect.startSignIn('attacker', {
      ...asked,
      address: victim,
      confirmation: 'result-code',
      returnUrl: 'https://attacker.example/done',
      binding,
    })
    const browser = site.browser()
    // Our own page says who gets what, and is not skipped.
    expect((await browser.visit({ method: 'GET', url: link })).body).toContain('Attacker Ltd')
    expect((await signIn(browser, link, victim)).status).toBe(303)
    expect(await site.gateway.connect.describeSignIn('attacker', signInId)).toMatchObject({
      status: 'signed-in',
      mailboxId: '',
      connectionId: '',
    })
    // No mailbox, no connection: nothing to list, to poll or to send with, and nothing in the vault.
    const nothing = async () => {
      expect(await everyMailbox(site.gateway, 'attacker')).toEqual([])
      expect(await everyConnection(site.gateway, 'attacker')).toEqual([])
      const mail = parseMailSubmission({ to: [{ address: victim }], subject: 'x', text: 'x' })
      await expect(site.gateway.send.acceptMail('attacker', mail)).rejects.toMatchObject({ code: 'no_mail_server' })
      const mailboxes = [{ tenant: 'attacker', mailboxId: signInId }]
      expect(await site.gateway.receive.pollBatch({ v: 1, mailboxes })).not.toMatchObject([{ handedOver: 1 }])
    }
    await nothing()
    const guesses = ['', 'x', signInId, `${signInId}.${'a'.repeat(32)}`]
    for (const code of guesses)
      await expect(site.gateway.connect.confirmSignIn('attacker', signInId, { code, binding })).rejects.toMatchObject({
        code: 'result_code_invalid',
      })
    await expect(site.gateway.connect.confirmByAdmin('attacker', signInId)).rejects.toBeDefined()
    // Ten minutes later there is no trace of it.
    const table = site.names.table('signins')
    const key = { partitionKey: signInId.slice(0, 2), rowKey: signInId }
    const row = await site.tables.get(table, key.partitionKey, key.rowKey)
    await site.tables.update(table, { ...key, expiresAt: Date.now() - 1 }, row?.etag ?? '')
    const due = site.tables.query(site.names.table('due'), { partitionRange: ['signin~', 'signin~~'] })
    for await (const one of due)
      if (one.rowKey === `attacker~${signInId}`) await site.tables.upsert(site.names.table('due'), { ...one, dueAt: 1 })
    await site.gateway.connect.expireSignIns()
    expect(await site.tables.get(table, key.partitionKey, key.rowKey)).toBeUndefined()
    await nothing()
    expect(site.vault.snapshot()).toHaveLength(secrets)
  })

  test('SEC-04: the result page shows the code only to the browser that signed in', async () => {
    const { browser, callback, link } = await underWay()
    await browser.visit({ method: 'GET', url: callback.href })
    expect(resultOf(await browser.visit({ method: 'GET', url: `${link}/result` }))).not.toBe('')
    const other = await site.browser().visit({ method: 'GET', url: `${link}/result` })
    expect(other.status).toBe(400)
    expect(other.body).not.toContain('result=')
  })

  test('SEC-05, M-062, P-24: another account is refused, both accounts are named, nothing is kept', async () => {
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

describe('no page is a dead end', () => {
  const linkIn = (page: Answer): string => /class="button" href="([^"]+)"/.exec(page.body)?.[1] ?? ''

  test('M-073: a failure page that is loaded again still leads back, in the browser that began and nowhere else', async () => {
    const browser = site.browser()
    const { link } = await start(person())
    const wrong = await signIn(browser, link, person())
    expect(linkIn(wrong)).toBe(new URL(link).pathname)
    const again = await browser.visit({ method: 'GET', url: wrong.url })
    expect([again.status, again.url]).toEqual([403, `${link}/result`])
    expect(again.body).toContain('That was a different account')
    expect(linkIn(again)).toBe(new URL(link).pathname)
    expect(again.body).toContain('request id')
    const stranger = await site.browser().visit({ method: 'GET', url: wrong.url })
    expect(stranger.body).not.toContain('That was a different account')
    // An answer that belongs to no attempt here leads nowhere.
    const lost = await site
      .browser()
      .visit({ method: 'GET', url: `${origin}/oauth/complete?s=${link.slice(-59, -51)}` })
    expect(lost.body).not.toContain('/connect/')
    // Whoever took the wrong account chooses from all of theirs; before, the expected one is suggested.
    const suggested = new URL(await begin(site.browser(), (await start(person())).link)).searchParams
    expect([suggested.has('login_hint'), suggested.get('prompt')]).toEqual([true, null])
    const chooser = new URL(await begin(browser, link)).searchParams
    expect([chooser.has('login_hint'), chooser.get('prompt')]).toEqual([false, 'select_account'])
  })

  test('M-073: a form without its cookie leads back to its link; a link that does not work leads nowhere', async () => {
    const { link } = await start(person())
    for (const path of ['', '/password', '/cancel']) {
      const form = { token: 'f'.repeat(64) }
      const page = await site.browser().visit({ method: 'POST', url: link + path, form, from: origin })
      expect([page.status, page.url], path).toEqual([200, `${link}?again=1`])
      expect(page.body).toContain('The page was out of date')
    }
    const unknown = await site.browser().visit({ method: 'GET', url: `${link.slice(0, -1)}0` })
    expect([unknown.status, linkIn(unknown)]).toEqual([404, ''])
  })

  test('M-060, M-070: back at the link, the browser that signed in sees its result; another sees that the link is used', async () => {
    const upn = person()
    const browser = site.browser()
    const { link } = await start(upn)
    await signIn(browser, link, upn)
    const back = await browser.visit({ method: 'GET', url: link })
    expect([back.status, back.url]).toEqual([200, `${link}/result`])
    expect(resultOf(back), 'with the way back to the application').not.toBe('')
    const other = await site.browser().visit({ method: 'GET', url: link })
    expect([other.status, other.url]).toEqual([400, link])
    expect(other.body).toContain('This link has already been used')
  })

  test('M-073: who looks while the mailbox is tried out is asked to wait, and who looks too early to sign in', async () => {
    const { link, signInId } = await start(person())
    const browser = site.browser()
    const early = await browser.visit({ method: 'GET', url: `${link}/result` })
    expect([early.status, linkIn(early)]).toEqual([409, new URL(link).pathname])
    const row = await site.tables.get(site.names.table('signins'), signInId.slice(0, 2), signInId)
    const running = { ...row!, status: 'returned', stageUntil: Date.now() + 60_000 }
    await site.tables.update(site.names.table('signins'), running, row?.etag ?? '')
    const page = await browser.visit({ method: 'GET', url: link })
    expect([page.status, linkIn(page)]).toEqual([409, new URL(link).pathname])
    expect(page.body).toContain('Look again')
  })

  test('M-060, M-061: who cancels is shown the way back to the application, without any result', async () => {
    const { link, signInId } = await start(person())
    const browser = site.browser()
    const token = tokenOf((await browser.visit({ method: 'GET', url: link })).body)
    const page = await browser.visit({ method: 'POST', url: `${link}/cancel`, form: { token } })
    expect(page.body).toContain(`href="${returnUrl}?error=sign_in_cancelled&amp;sign_in_id=${signInId}"`)
    expect(page.body).not.toContain('result=')
  })
})

describe('when the provider says no', () => {
  const errors = [
    'access_denied',
    'consent_required',
    'interaction_required',
    'login_required',
    'invalid_request',
    'invalid_scope',
    'unauthorized_client',
    'unsupported_response_type',
    'server_error',
    'temporarily_unavailable',
    'invalid_resource',
    'invalid_client',
    'invalid_grant',
  ]
  const numbers = [65004, 90094, 65001, 50105, 53003, 50076, 700016]

  test('M-073: every callback error becomes a page with text, request id and a way to retry', async () => {
    for (const [error, text] of [
      ...errors.map((one) => [one, 'x']),
      ...numbers.map((one) => ['access_denied', `AADSTS${one}: words of the peer`]),
    ] as [string, string][]) {
      const browser = site.browser()
      const { link } = await start(person())
      const state = new URL(await begin(browser, link)).searchParams.get('state') ?? ''
      const page = await browser.visit({
        method: 'GET',
        url: `${origin}/oauth/callback?${new URLSearchParams({ error, error_description: text, state })}`,
      })
      expect(page.status, error).toBe(400)
      expect(page.body).toMatch(/request id: <code>[a-z2-7]{26}<\/code>/)
      expect(page.body).toContain(`href="${new URL(link).pathname}"`)
      expect(page.body).toContain('What helps:')
      expect(page.body).not.toMatch(/words of the peer|\bat \S+\.ts|undefined/)
      expect((await browser.visit({ method: 'GET', url: link })).status, 'the link still works').toBe(200)
    }
  }, 60_000)

  test('M-065, T9: the link for an administrator is there for every refusal that consent lifts, and for no other', async () => {
    const linked = async (upn: string) => {
      const page = await signIn(site.browser(), (await start(upn)).link, upn)
      return { page, approval: /\/connect\/[a-z2-7]{26}\.[a-z2-7]{32}(?=<)/.exec(page.body)?.[0] ?? '' }
    }
    for (const [upn, code] of [
      ['lea@litware.example', 'aadsts_90095'],
      ['adminconsent@contoso.example', 'aadsts_90094'],
      ['riskyapp@contoso.example', 'aadsts_900941'],
    ] as const) {
      const { page, approval } = await linked(upn)
      expect(page.body, upn).toContain(`<code>${code}</code>`)
      expect(approval, upn).not.toBe('')
      expect((await site.browser().visit({ method: 'GET', url: origin + approval })).body).toContain(
        'for administrators',
      )
    }
    expect((await linked('lea@litware.example')).page.body).toContain('Your request is with your administrators')
    // Whoever could only go back at Microsoft looks like one who declined.
    site.entra.control.setConsentPolicy({ tenant: 'litware.example', policy: 'recommended' })
    const back = await linked('lea@litware.example')
    expect(back.page.body).toContain('<code>aadsts_65004</code>')
    expect(back.approval).not.toBe('')
    const unassigned = await linked('unassigned@contoso.example')
    expect(unassigned.page.body).toContain('<code>aadsts_50105</code>')
    expect(unassigned.approval).toBe('')
  })
})
