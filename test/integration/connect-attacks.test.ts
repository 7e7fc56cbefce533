/** Attacks on who comes back: another state, another browser, a link that somebody else made. */
import { describe, expect, test } from 'vitest'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { beginSignIn, registrationInput, resultOf, tokenOf } from '../support/connect/connect-site.js'
import {
  asked,
  binding,
  person,
  signIn,
  site,
  start,
  tenant,
  tokenCalls,
  underWay,
  useJourneySite,
} from '../support/connect/journey-site.js'
import { everyConnection, everyMailbox } from '../support/general/every.js'
import type { Browser } from '../support/http/cookie-jar.js'

useJourneySite()

describe('attacks', () => {
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
    await site.gateway.admin.saveRegistration({ tenant: 'rival' }, registrationInput)
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
    await site.tables.update(table, { ...key, stageUntil: Date.now() - 60_000 }, row?.etag ?? '')
    expect(await statusOf(late.browser, late.callback)).toBe(400)
    expect(await audited(late.signInId)).toEqual(['flow_expired'])

    const stolen = await underWay()
    expect(await statusOf(site.browser(), stolen.callback)).toBe(400)
    expect(await audited(stolen.signInId)).toEqual(['state_mismatch'])

    // The rival's own sign-in, under way in the rival's own browser, with the state of ours.
    const rival = site.browser()
    const own = await site.gateway.connect.startSignIn(
      { tenant: 'rival', role: 'tenant-admin' },
      { ...asked, address: person(), confirmation: 'confirmed-by-link' },
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
    await site.gateway.admin.saveRegistration({ tenant: 'attacker' }, registrationInput)
    await site.gateway.admin.addReturnUrl('attacker', 'https://attacker.example/done')
    const secrets = site.vault.snapshot().length
    const victim = person()
    const { link, signInId } = await site.gateway.connect.startSignIn(
      { tenant: 'attacker' },
      {
        ...asked,
        address: victim,
        confirmation: 'result-code',
        returnUrl: 'https://attacker.example/done',
        binding,
      },
    )
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
      await expect(site.gateway.send.acceptMail('attacker', { submission: mail })).rejects.toMatchObject({
        code: 'no_mail_server',
      })
      const mailboxes = [{ tenant: 'attacker', mailboxId: signInId }]
      expect(await site.gateway.receive.pollBatch({ v: 1, mailboxes })).not.toMatchObject([{ handedOver: 1 }])
    }
    await nothing()
    const guesses = ['', 'x', signInId, `${signInId}.${'a'.repeat(32)}`]
    for (const code of guesses)
      await expect(
        site.gateway.connect.confirmSignIn('attacker', { id: signInId, code, binding }),
      ).rejects.toMatchObject({
        code: 'result_code_invalid',
      })
    await expect(site.gateway.connect.confirmByAdmin('attacker', signInId)).rejects.toBeDefined()
    // Ten minutes later there is no trace of it.
    const table = site.names.table('signins')
    const key = { partitionKey: signInId.slice(0, 2), rowKey: signInId }
    const row = await site.tables.get(table, key.partitionKey, key.rowKey)
    await site.tables.update(table, { ...key, expiresAt: Date.now() - 60_000 }, row?.etag ?? '')
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
})
