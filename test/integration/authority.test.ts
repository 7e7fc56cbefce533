import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { registrationSchema } from '../../lib/model/admin-schemas.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { everyRow } from '../../lib/model/page.js'
import type { Row } from '../../lib/ports/tables.js'
import { laneDueMs } from '../../lib/rows/outbox.js'
import { demo } from '../../local/emulators/demo-directory.js'
import {
  beginSignIn,
  type ConnectSite,
  origin,
  registrationInput,
  signInAt,
  startConnectSite,
} from '../support/connect/connect-site.js'
import { everyConnection, everyConsent, everyMailbox } from '../support/general/every.js'
import type { Answer, Browser } from '../support/http/cookie-jar.js'

const tenant = 'acme'
const stranger = 'someone@elsewhere.example'
let site: ConnectSite
let registrationId = ''
let counter = 0

// Whole journeys, several in one test.
vi.setConfig({ testTimeout: 120_000 })

beforeAll(async () => {
  site = await startConnectSite(inject('azurite'))
  await site.gateway.admin.createTenant({ id: tenant, name: 'Acme Ltd' })
  await site.gateway.admin.createTenant({ id: 'guest', name: 'Guest Ltd' })
  registrationId = (await site.gateway.admin.saveRegistration(tenant, undefined, registrationInput)).id
  await site.gateway.admin.saveRegistration('~', undefined, { ...registrationInput, name: 'Shared' })
})
afterAll(() => site.stop())
beforeEach(() => {
  site.entra.control.reset()
  site.graph.control.reset()
})

const unique = (name: string): string => `${name}${++counter}@contoso.example`
const person = (more: object = {}) => site.directory.addUser({ upn: unique('someone'), password: 'x', ...more })
const administrator = () => person({ administrator: true })
const asked = {
  displayName: '',
  receive: true,
  send: true,
  transport: 'auto' as const,
  confirmation: 'confirmed-by-link' as const,
}
const start = (address: string, more: object = {}) =>
  site.gateway.connect.startSignIn(tenant, { ...asked, address, registrationId, ...more }, 'tenant-admin')

/** One mail out and one mail in, through the flows that do it in production; the paths that Graph was asked. */
async function useBothWays(mailboxId: string): Promise<{ paths: string[]; from: string[]; received: number }> {
  const { address } = await site.gateway.admin.readMailboxFacts(tenant, mailboxId)
  site.graph.control.reset()
  const mail = parseMailSubmission({ mailboxId, to: [{ address: stranger }], subject: 'Out', text: 'x' })
  const { mail: accepted } = await site.gateway.send.acceptMail(tenant, mail)
  await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
  expect(await site.gateway.send.readMail(tenant, accepted.id)).toMatchObject({ state: 'sent' })
  site.directory.deliver(address, `From: ${stranger}\r\nTo: ${address}\r\nSubject: In\r\n\r\nHello\r\n`)
  const [polled] = await site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] })
  expect(polled).toMatchObject({ code: '' })
  return {
    paths: [
      ...new Set(
        site.graph.control.requests.map((one) =>
          one.path
            .split('/')
            .slice(2, one.path.startsWith('/v1.0/me') ? 3 : 4)
            .join('/'),
        ),
      ),
    ],
    from: site.directory.outbound.slice(-1).map((one) => one.from),
    received: polled?.handedOver ?? 0,
  }
}

describe('address, user principal name and who signs in (M-064)', () => {
  test('M-062, M-064: an address that is an alias of the account is its own mailbox, to read and to send', async () => {
    const address = unique('sales')
    const user = person({ mail: address })
    const { link, signInId } = await start(address)
    const page = await signInAt(site, site.browser(), link, user.upn)
    expect(page.body).toContain(`Signed in as ${user.upn}`)
    const { mailboxId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    expect(await useBothWays(mailboxId)).toEqual({ paths: ['me'], from: [address], received: 1 })
    // The control: an address of nobody's is refused, and both names are said.
    const wrong = await start(unique('other'))
    const refused = await signInAt(site, site.browser(), wrong.link, user.upn)
    expect(refused.status).toBe(403)
    expect(refused.body).toContain(user.upn)
  })

  test('M-063, M-064: a shared mailbox with its own principal name, opened by a third account', async () => {
    const address = unique('support')
    const delegate = person()
    const shared = site.directory.addUser({
      upn: unique('mbx'),
      mail: address,
      kind: 'shared',
      fullAccess: [delegate.upn],
      sendAs: [delegate.upn],
    })
    const { link, signInId } = await start(address, { expectedUser: delegate.upn, mailboxUser: shared.upn })
    const page = await signInAt(site, site.browser(), link, delegate.upn)
    expect(page.body.match(/class="works"/g)).toHaveLength(2)
    expect(page.body.match(/class="not-tested"/g)).toHaveLength(1)
    const { mailboxId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    const used = await useBothWays(mailboxId)
    expect(used).toEqual({ paths: [`users/${encodeURIComponent(shared.upn)}`], from: [address], received: 1 })
  })

  test('M-063: another delegate is tried at once, and one without rights is told before anybody waits', async () => {
    const [first, second] = [person(), person()]
    const connected = async (delegate: { upn: string }) => {
      const address = unique('team')
      const shared = site.directory.addUser({ upn: address, kind: 'shared', fullAccess: [delegate.upn] })
      const { link, signInId } = await start(address, { expectedUser: delegate.upn })
      await signInAt(site, site.browser(), link, delegate.upn)
      return { shared, ...(await site.gateway.connect.describeSignIn(tenant, signInId)) }
    }
    const [one, other] = [await connected(first), await connected(second)]
    const { mailboxId } = one
    const poll = () => site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] })
    expect(await poll()).toMatchObject([{ code: '' }])
    expect(await dueAt('poll', mailboxId)).toBeGreaterThan(Date.now())
    const use = (connectionId: string) =>
      site.gateway.admin.changeMailbox(tenant, mailboxId, {
        receive: { transport: 'graph', connectionId, user: one.shared.upn, folder: 'inbox' },
      })
    await use(other.connectionId)
    expect(await dueAt('poll', mailboxId)).toBeLessThanOrEqual(Date.now())
    expect(await poll()).toMatchObject([{ outcome: 'failed' }])
    expect(await site.gateway.admin.readMailboxFacts(tenant, mailboxId)).toMatchObject({ receiving: { failures: 1 } })
    // The control: with rights the very same change works.
    one.shared.fullAccess.push(second.upn)
    await use(other.connectionId)
    expect(await poll()).toMatchObject([{ code: '' }])
    expect(await site.gateway.admin.readMailboxFacts(tenant, mailboxId)).toMatchObject({ receiving: { failures: 0 } })
  })

  test('M-072: without the principal name the try-out says so before anything waits for it', async () => {
    const address = unique('support')
    const delegate = person()
    site.directory.addUser({ upn: unique('mbx'), mail: address, kind: 'shared', fullAccess: [delegate.upn] })
    const { link } = await start(address, { expectedUser: delegate.upn })
    const page = await signInAt(site, site.browser(), link, delegate.upn)
    expect(page.body.match(/class="works"/g)).toHaveLength(1)
    expect(page.body.match(/class="fails"/g), 'one cause, said once').toHaveLength(1)
    expect(page.body).toContain('Reading and sending mail')
    expect(page.body).toContain('What helps:')
  })
})

describe('registrations', () => {
  test('M-050: one registration serves three mailboxes, and every field of it is used; a client id is a GUID', async () => {
    const own = await site.gateway.admin.saveRegistration(tenant, undefined, {
      ...registrationInput,
      name: 'For three',
    })
    const connections: string[] = []
    for (const { upn } of [person(), person(), person()]) {
      const { link, signInId } = await start(upn, { registrationId: own.id })
      const page = await signInAt(site, site.browser(), link, upn)
      expect(page.body).toContain('is connected')
      const { mailboxId, connectionId } = await site.gateway.connect.describeSignIn(tenant, signInId)
      expect(await useBothWays(mailboxId)).toMatchObject({ from: [upn], received: 1 })
      connections.push(connectionId)
    }
    const facts = await everyConnection(site.gateway, tenant)
    const served = facts.filter((one) => connections.includes(one.id))
    expect(served.map((one) => one.registrationId)).toEqual([own.id, own.id, own.id])
    // The saving tried the secret with a call of its own.
    const calls = site.entra.control.requests.filter((one) => one.form['grant_type'] === 'authorization_code')
    expect(calls).toHaveLength(3)
    for (const { path, form } of calls) {
      expect(path).toBe('/organizations/oauth2/v2.0/token')
      expect(form).toMatchObject({
        client_id: demo.clientId,
        client_secret: demo.clientSecret,
        redirect_uri: `${origin}/oauth/callback`,
      })
    }
    for (const clientId of ['', 'x', `${demo.clientId}0`, `{${demo.clientId}}`])
      expect(registrationSchema.safeParse({ ...registrationInput, clientId }).success, clientId).toBe(false)
    expect(registrationSchema.safeParse(registrationInput).success).toBe(true)
  })

  test('M-074, SEC-06: a public client proves itself by PKCE alone, at the sign-in and at every refresh', async () => {
    const { clientSecret: _, ...without } = registrationInput
    const open = await site.gateway.admin.saveRegistration(tenant, undefined, {
      ...without,
      name: 'Public',
      clientId: demo.publicClientId,
    })
    // So short that each use needs a refresh.
    site.entra.control.setLifetimes({ accessToken: 200 })
    const { upn } = person()
    const { link, signInId } = await start(upn, { registrationId: open.id })
    expect((await signInAt(site, site.browser(), link, upn)).body).toContain('is connected')
    const { mailboxId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    expect(await useBothWays(mailboxId)).toMatchObject({ from: [upn], received: 1 })
    site.entra.control.setLifetimes({ accessToken: 3599 })
    const calls = site.entra.control.requests.filter((one) => one.path.endsWith('/oauth2/v2.0/token'))
    const kinds = calls.map(({ form }) => form['grant_type'])
    expect([kinds[0], kinds.includes('refresh_token')]).toEqual(['authorization_code', true])
    expect(calls[0]?.form['code_verifier']).toMatch(/^[\w.~-]{43,128}$/)
    for (const { form } of calls)
      expect(
        Object.keys(form)
          .filter((field) => field.startsWith('client_'))
          .sort(),
      ).toEqual(['client_id', 'client_info'])
  })

  test('M-074: an app that needs a secret and has none is told so, with what to do in Entra', async () => {
    const { clientSecret: _, ...without } = registrationInput
    const bare = await site.gateway.admin.saveRegistration(tenant, undefined, {
      ...without,
      name: 'Without its secret',
    })
    const { upn } = person()
    const { link, signInId } = await start(upn, { registrationId: bare.id })
    const page = await signInAt(site, site.browser(), link, upn)
    expect(page.status).toBeGreaterThanOrEqual(400)
    expect(page.body).toContain('aadsts_7000218')
    expect(page.body).toContain('Add a client secret to the registration, or allow public client flows in Entra')
    expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({
      status: 'refused',
      refusal: 'aadsts_7000218',
    })
  })
})

describe('connecting again in place', () => {
  test('M-069, P-05, M-071: from needs-reconnect nothing is lost: same mailbox, same position, waiting mail leaves', async () => {
    const { upn } = person()
    const put = (subject: string) =>
      site.directory.deliver(upn, `From: ${stranger}\r\nTo: ${upn}\r\nSubject: ${subject}\r\n\r\nHello\r\n`)
    const poll = async (mailboxId: string) =>
      (await site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] }))[0]
    const rowOf = (mailboxId: string, row: string) =>
      site.tables.get(site.names.table('mailboxes'), `${tenant}~${mailboxId}`, row)
    // Tokens that are over as soon as they are used, so that every use needs the grant.
    site.entra.control.setLifetimes({ accessToken: 200 })
    const { link, signInId } = await start(upn)
    await signInAt(site, site.browser(), link, upn)
    const { mailboxId, connectionId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    put('before')
    expect(await poll(mailboxId)).toMatchObject({ handedOver: 1 })
    const before = await rowOf(mailboxId, 'receiving')
    const secrets = () => site.vault.snapshot().filter((one) => JSON.stringify(one).includes(connectionId))
    const kept = JSON.stringify(secrets())

    site.entra.control.revoke(upn)
    const mail = parseMailSubmission({ mailboxId, to: [{ address: stranger }], subject: 'Waiting', text: 'x' })
    const { mail: accepted } = await site.gateway.send.acceptMail(tenant, mail)
    await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
    put('meanwhile')
    expect(await poll(mailboxId)).toMatchObject({ outcome: 'failed' })
    // One refusal: the mail is put off, and nobody is asked to act.
    expect(await site.gateway.send.readMail(tenant, accepted.id)).toMatchObject({
      state: 'waiting',
      lastError: { code: 'aadsts_50173', class: 'transient' },
    })
    expect(await site.gateway.admin.readMailboxFacts(tenant, mailboxId)).toMatchObject({ connectionState: 'connected' })
    await site.gateway.admin.retryConnection(tenant, connectionId)
    await site.gateway.send.retryMail(tenant, accepted.id)
    await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
    expect(await site.gateway.send.readMail(tenant, accepted.id)).not.toMatchObject({ state: 'sent' })
    expect(await site.gateway.admin.readMailboxFacts(tenant, mailboxId)).toMatchObject({
      connectionState: 'needs-reconnect',
      sending: { gate: 'closed' },
    })

    site.entra.control.setLifetimes({ accessToken: 3599 })
    const again = await site.gateway.connect.startReconnect(tenant, mailboxId)
    const wrong = await signInAt(site, site.browser(), again.link, person().upn)
    expect(wrong.status).toBe(403)
    expect(JSON.stringify(secrets()), 'what was kept stays until the right one signed in').toBe(kept)
    const page = await signInAt(site, site.browser(), again.link, upn)
    expect(page.body).toContain('is connected')
    expect(JSON.stringify(secrets())).not.toBe(kept)

    const facts = await site.gateway.admin.readMailboxFacts(tenant, mailboxId)
    expect(facts).toMatchObject({ connectionState: 'connected', sending: { gate: 'open' } })
    expect(await rowOf(mailboxId, 'receiving')).toMatchObject({
      cursor: before?.['cursor'],
      source: before?.['source'],
    })
    expect(await dueAt('poll', mailboxId)).toBeLessThanOrEqual(Date.now())
    // The mail goes on by a message; its due row is the net behind that.
    expect(await dueAt('lane', mailboxId)).toBeLessThanOrEqual(Date.now() + laneDueMs)
    await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
    expect(await site.gateway.send.readMail(tenant, accepted.id)).toMatchObject({ state: 'sent' })
    expect(await poll(mailboxId)).toMatchObject({ outcome: 'mail', handedOver: 1 })
    const { mails } = await site.gateway.receive.listReceived(tenant, mailboxId, { limit: 10 })
    expect(mails).toHaveLength(2)
    expect(await everyRow((page) => site.gateway.ops.listAttention(tenant, page), 'attention')).not.toContainEqual(
      expect.objectContaining({ connectionId }),
    )
  })

  test('M-052: a registration of one tenant asks the very same authority at sign-in, redemption and refresh', async () => {
    const one = await site.gateway.admin.saveRegistration(tenant, undefined, {
      ...registrationInput,
      name: 'Contoso only',
      clientId: demo.singleTenantClientId,
      directory: demo.tenantId,
    })
    const { upn } = person()
    site.entra.control.setLifetimes({ accessToken: 200 })
    const { link, signInId } = await start(upn, { registrationId: one.id })
    await signInAt(site, site.browser(), link, upn)
    const { mailboxId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    await site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] })
    site.entra.control.setLifetimes({ accessToken: 3599 })
    const asked = site.entra.control.requests.map((request) => request.path)
    expect(site.entra.control.counters.tokenCalls).toMatchObject({ authorization_code: 1, refresh_token: 1 })
    // Whose the domain is, is asked of the domain.
    const owner = '/contoso.example/v2.0/.well-known/openid-configuration'
    expect(asked.filter((path) => path !== owner && !path.startsWith(`/${demo.tenantId}/`))).toEqual([])
  })

  test('M-052: the same registration at a shared authority is told to use the tenant id', async () => {
    const wrong = await site.gateway.admin.saveRegistration(tenant, undefined, {
      ...registrationInput,
      clientId: demo.singleTenantClientId,
    })
    const browser = site.browser()
    const { link } = await start(person().upn, { registrationId: wrong.id })
    const url = new URL(await beginSignIn(browser, link))
    const shown = await fetch(url)
    expect(await shown.text()).toContain('AADSTS50194')
    const query = new URLSearchParams({
      error: 'invalid_request',
      error_description: 'AADSTS50194: not configured as a multi-tenant application',
      state: url.searchParams.get('state') ?? '',
    })
    const page = await browser.visit({ method: 'GET', url: `${origin}/oauth/callback?${query}`, from: site.entra.url })
    expect(page.status).toBe(400)
    expect(page.body).toMatch(/tenant id/i)
    expect(page.body).toContain('aadsts_50194')
  })
})

async function dueAt(kind: string, id: string): Promise<number> {
  const rows = site.tables.query(site.names.table('due'), {
    partitionRange: [`${kind}~`, `${kind}~~`],
    rowRange: [`${tenant}~${id}`, `${tenant}~${id}~`],
  })
  for await (const row of rows) return Number(row['dueAt'])
  return Number.POSITIVE_INFINITY
}

const hourAhead = 9_999_999_999_999

/** A connection that the provider refused until an administrator acts; the next try is far ahead. */
async function waitsForAdministrator(directory: string): Promise<{ grant: () => Promise<Row | undefined> }> {
  const { upn } = person()
  const { link, signInId } = await start(upn)
  await signInAt(site, site.browser(), link, upn)
  const { connectionId } = await site.gateway.connect.describeSignIn(tenant, signInId)
  const table = site.names.table('connections')
  const place = { partitionKey: `${tenant}~${connectionId}` }
  const row = await site.tables.get(table, place.partitionKey, 'connection')
  const identity = { ...JSON.parse(String(row?.['identity'])), tenantId: directory }
  const state = { state: 'needs-admin', reason: 'aadsts_90094', identity: JSON.stringify(identity) }
  await site.tables.update(table, { ...place, rowKey: 'connection', ...state }, row?.etag ?? '')
  const grant = () => site.tables.get(table, place.partitionKey, 'grant')
  await site.tables.update(table, { ...place, rowKey: 'grant', notBefore: hourAhead }, (await grant())?.etag ?? '')
  return { grant }
}

/** An administrator walks the link: allows for the directory, then says who it is; the page it ends on. */
async function allow(browser: Browser, link: string, directory: string, upn: string): Promise<Answer> {
  const back = await answerOfAdmin(browser, link, { tenant: directory })
  const leg = await browser.visit({ method: 'GET', url: back, from: site.entra.url }, false)
  const complete = await browser.visit(
    { method: 'GET', url: leg.headers['location'] ?? '', from: site.entra.url },
    false,
  )
  const onward = complete.headers['location']
  if (onward === undefined || new URL(onward).origin === origin) return complete
  const { url } = await site.entra.control.signInAs(onward, upn)
  return browser.visit({ method: 'GET', url, from: site.entra.url })
}

/** Where Microsoft sends the browser after the administrator's decision. */
async function answerOfAdmin(browser: Browser, link: string, decision: Record<string, string>): Promise<string> {
  const url = new URL(await beginSignIn(browser, link))
  expect(url.pathname).toMatch(/\/v2\.0\/adminconsent$/)
  const body = new URLSearchParams({ request: url.search.slice(1), ...decision })
  const answer = await fetch(site.entra.url + url.pathname, { method: 'POST', body, redirect: 'manual' })
  return answer.headers.get('location') ?? ''
}

const startConsent = (more: object = {}) =>
  site.gateway.connect.startAdminConsent(tenant, {
    mode: 'app-only',
    registrationId,
    receive: true,
    send: true,
    ...more,
  })

async function appOnlyConnection(directory: string, upn: string): Promise<string> {
  const { link, signInId } = await startConsent()
  await allow(site.browser(), link, directory, upn)
  return (await site.gateway.connect.confirmByAdmin(tenant, signInId)).connectionId
}

describe('an administrator allows the application (M-065, M-029)', () => {
  test('M-065: app-only is asked for, recorded with who, where, when and what, and makes no mailbox', async () => {
    const before = await everyMailbox(site.gateway, tenant)
    const admin = administrator()
    const browser = site.browser()
    const { link, signInId } = await startConsent()
    const shown = await browser.visit({ method: 'GET', url: link })
    expect(shown.body).toContain('in every mailbox')
    const page = await allow(browser, link, demo.tenantId, admin.upn)
    expect(page.body).toContain(`Granted by ${admin.upn}`)
    expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({
      status: 'signed-in',
      directory: demo.tenantId,
      signedInAs: admin.upn,
    })
    expect((await everyConnection(site.gateway, tenant)).filter((one) => one.mode === 'app-only')).toEqual([])
    const { connectionId, mailboxId } = await site.gateway.connect.confirmByAdmin(tenant, signInId)
    expect(mailboxId).toBe('')
    const roles = ['https://graph.microsoft.com/Mail.ReadWrite', 'https://graph.microsoft.com/Mail.Send']
    const connection = (await everyConnection(site.gateway, tenant)).find((one) => one.id === connectionId)
    expect(connection).toMatchObject({
      mode: 'app-only',
      state: 'connected',
      registrationId,
      scopes: roles,
    })
    expect(await everyConsent(site.gateway, tenant)).toEqual([
      {
        mode: 'app-only',
        registrationId,
        directory: demo.tenantId,
        administrator: admin.upn,
        administratorId: admin.oid,
        scopes: roles,
        consentedAt: expect.stringMatching(/^20\d\d-/),
      },
    ])
    expect(await everyMailbox(site.gateway, tenant)).toEqual(before)
    expect(site.vault.snapshot().filter((one) => JSON.stringify(one).includes(connectionId))).toEqual([])
  })

  test('M-029, M-102, M-072: a mailbox by address and one by object id are read and sent from, without anybody signed in', async () => {
    const connectionId = await appOnlyConnection(demo.tenantId, administrator().upn)
    const plain = person()
    const address = unique('desk')
    const other = person({ mail: address })
    site.entra.control.reset()
    const added = []
    for (const input of [{ address: plain.upn }, { address, user: other.oid }])
      added.push(
        await site.gateway.connect.addMailbox(tenant, {
          connectionId,
          displayName: '',
          receive: true,
          send: true,
          ...input,
        }),
      )
    for (const { verdicts } of added)
      expect(verdicts).toEqual({
        signIn: { verdict: 'works' },
        reading: { verdict: 'works' },
        sending: { verdict: 'not-tested', opened: true },
      })
    const first = await useBothWays(added[0]!.mailboxId)
    expect(first).toEqual({ paths: [`users/${encodeURIComponent(plain.upn)}`], from: [plain.upn], received: 1 })
    const second = await useBothWays(added[1]!.mailboxId)
    expect(second).toEqual({ paths: [`users/${other.oid}`], from: [address], received: 1 })
    // Delta: nothing comes twice.
    const mailboxes = [{ tenant, mailboxId: added[0]!.mailboxId }]
    expect(await site.gateway.receive.pollBatch({ v: 1, mailboxes })).toMatchObject([{ outcome: 'idle', code: '' }])
    // The token of the consent served it all: no further call to Microsoft, and never a refresh token.
    expect(site.entra.control.counters.tokenCalls).toEqual({})
    await expect(
      site.gateway.connect.addMailbox(tenant, { connectionId, displayName: '', receive: true, send: true, address }),
    ).rejects.toMatchObject({ code: 'mailbox_exists' })
  })

  test('M-072: what the application cannot open is a verdict, and a person’s connection opens no other mailbox', async () => {
    const connectionId = await appOnlyConnection(demo.tenantId, administrator().upn)
    const wanted = { displayName: '', receive: true, send: true }
    // A13, D11: somebody the organisation does not know is no mailbox that waits for better times.
    for (const [field, more] of [
      ['address', { address: 'nobody-has-this@contoso.example' }],
      ['user', { address: unique('box'), user: 'nobody-has-this@contoso.example' }],
    ] as const) {
      const adding = site.gateway.connect.addMailbox(tenant, { ...wanted, connectionId, ...more })
      await expect(adding).rejects.toMatchObject({ status: 400, field })
      expect((await everyMailbox(site.gateway, tenant)).some((one) => one.address === more.address)).toBe(false)
    }
    const user = person()
    const own = await start(user.upn)
    await signInAt(site, site.browser(), own.link, user.upn)
    const personal = (await site.gateway.connect.describeSignIn(tenant, own.signInId)).connectionId
    await expect(
      site.gateway.connect.addMailbox(tenant, { ...wanted, connectionId: personal, address: unique('box') }),
    ).rejects.toMatchObject({ code: 'sign_in_needed' })
    await expect(
      site.gateway.connect.addMailbox('guest', { ...wanted, connectionId, address: unique('box') }),
    ).rejects.toMatchObject({ field: 'connectionId' })
  })

  test('M-065: the answer is bound to this browser, used once, and what it claims is proven', async () => {
    const refusal = async (signInId: string) => (await site.gateway.connect.describeSignIn(tenant, signInId)).refusal
    // Another browser: refused, and the state is invalidated.
    const stolen = await startConsent()
    const browser = site.browser()
    const url = await answerOfAdmin(browser, stolen.link, { tenant: demo.tenantId })
    expect((await site.browser().visit({ method: 'GET', url })).status).toBe(400)
    expect((await browser.visit({ method: 'GET', url })).status).toBe(400)
    // Used twice.
    const twice = await startConsent()
    const again = site.browser()
    const answer = await answerOfAdmin(again, twice.link, { tenant: demo.tenantId })
    const leg = await again.visit({ method: 'GET', url: answer }, false)
    expect((await again.visit({ method: 'GET', url: leg.headers['location'] ?? '' }, false)).status).toBe(303)
    expect((await again.visit({ method: 'GET', url: answer })).status).toBe(400)
    // A directory that somebody wrote into the answer: signing in there is needed, and the application has no token there.
    const claimed = await startConsent()
    const liar = site.browser()
    const forged = new URL(await answerOfAdmin(liar, claimed.link, { tenant: demo.tenantId }))
    forged.searchParams.set('tenant', demo.otherTenantId)
    const onward = await liar.visit({ method: 'GET', url: forged.href }, false)
    const asked = await liar.visit({ method: 'GET', url: onward.headers['location'] ?? '' }, false)
    const location = asked.headers['location'] ?? ''
    expect(location).toContain(`/${demo.otherTenantId}/`)
    const boss = site.directory.addUser({ upn: 'boss@fabrikam.example', administrator: true })
    await expect(site.entra.control.signInAs(location, person().upn)).rejects.toThrow('AADSTS50020')
    const { url: member } = await site.entra.control.signInAs(location, boss.upn)
    expect((await liar.visit({ method: 'GET', url: member })).status).toBeGreaterThanOrEqual(400)
    expect(await refusal(claimed.signInId)).toBe('aadsts_7000229')
    for (const tenantWord of ['', 'common', '..', 'x'.repeat(50)]) {
      const bad = await startConsent()
      const one = site.browser()
      const wrong = new URL(await answerOfAdmin(one, bad.link, { tenant: demo.tenantId }))
      wrong.searchParams.set('tenant', tenantWord)
      expect((await one.visit({ method: 'GET', url: wrong.href })).status, tenantWord).toBe(400)
    }
    // Refused by the administrator.
    const declined = await startConsent()
    const no = site.browser()
    const page = await no.visit({ method: 'GET', url: await answerOfAdmin(no, declined.link, { cancel: '1' }) })
    expect(page.status).toBe(400)
    expect(await refusal(declined.signInId)).toBe('aadsts_65004')
    expect(site.entra.control.counters.tokenCalls).toEqual({ authorization_code: 1, client_credentials: 1 })
  })

  test('M-065: app-only with a registration that tenants share is refused; for people’s own consent it serves', async () => {
    const shared = (await site.gateway.admin.listUsableRegistrations('guest'))[0]!.id
    const input = { registrationId: shared, receive: true, send: true }
    await expect(site.gateway.connect.startAdminConsent('guest', { ...input, mode: 'app-only' })).rejects.toMatchObject(
      { code: 'own_registration_needed' },
    )
    const { link } = await site.gateway.connect.startAdminConsent('guest', { ...input, mode: 'delegated' })
    const page = await site.browser().visit({ method: 'GET', url: link })
    expect(page.body).toContain('This connects nobody’s mailbox')
    await expect(
      site.gateway.connect.startAdminConsent('guest', { ...input, registrationId: 'unknown', mode: 'delegated' }),
    ).rejects.toMatchObject({ code: 'invalid_input', field: 'registrationId' })
  })

  test('M-065: who may not agree alone gets a link for an administrator, and connects after it', async () => {
    // No administrator of an earlier test counts here.
    site.directory.consents.clear()
    const upn = unique('adminconsent-')
    site.directory.addUser({ upn, password: 'x', flags: ['adminconsent'] })
    const { link, signInId } = await start(upn)
    const browser = site.browser()
    const refused = await signInAt(site, browser, link, upn)
    expect(refused.status).toBe(400)
    expect(refused.body).toContain('An administrator must approve this')
    const approval = /class="link">(http:\/\/localhost:7071\/connect\/[^<]+)</.exec(refused.body)?.[1] ?? ''
    expect(approval).not.toBe('')
    expect((await signInAt(site, browser, link, upn)).body, 'one link while it lives').toContain(approval)
    // Two that waited for an administrator: one of this organisation, one of another.
    const waiting = await Promise.all([demo.tenantId, newId()].map(waitsForAdministrator))
    const admin = administrator()
    const done = await allow(site.browser(), approval, demo.tenantId, admin.upn)
    expect(done.body).toContain('Your organisation has approved it')
    const notBefore = await Promise.all(waiting.map(({ grant }) => grant().then((row) => Number(row?.['notBefore']))))
    expect(notBefore, 'M-160: tried now, not with the next hourly try').toEqual([0, hourAhead])
    expect(done.body).toContain('No mailbox was connected')
    expect((await everyMailbox(site.gateway, tenant)).some((one) => one.address === upn)).toBe(false)
    const consent = (await everyConsent(site.gateway, tenant)).find((one) => one.mode === 'delegated')
    expect(consent).toMatchObject({ administrator: admin.upn, directory: demo.tenantId })
    expect(consent?.scopes).toContain('https://graph.microsoft.com/Mail.Send')
    expect((await signInAt(site, browser, link, upn)).body).toContain('is connected')
    expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({ status: 'confirmed' })
  })

  test('A8: a consent that an answer only claims is not recorded; what is recorded is what the directory shows', async () => {
    site.directory.consents.clear()
    const delegated = async () => (await everyConsent(site.gateway, tenant)).filter((one) => one.mode === 'delegated')
    const before = await delegated()
    const begun = async () => {
      const { link, signInId } = await startConsent({ mode: 'delegated' })
      const browser = site.browser()
      const state = new URL(await beginSignIn(browser, link)).searchParams.get('state') ?? ''
      return { browser, state, signInId }
    }
    const mail = 'https://graph.microsoft.com/Mail.'
    const forge = async ({ browser, state }: Awaited<ReturnType<typeof begun>>, upn: string) => {
      const claims = { admin_consent: 'True', tenant: demo.tenantId, scope: `${mail}ReadWrite ${mail}Send`, state }
      const answer = `${origin}/oauth/callback?${new URLSearchParams(claims)}`
      const leg = await browser.visit({ method: 'GET', url: answer }, false)
      const asked = await browser.visit({ method: 'GET', url: leg.headers['location'] ?? '' }, false)
      const { url } = await site.entra.control.signInAs(asked.headers['location'] ?? '', upn)
      return browser.visit({ method: 'GET', url })
    }
    const plain = await begun()
    const page = await forge(plain, administrator().upn)
    expect(page.status).toBeGreaterThanOrEqual(400)
    expect(await site.gateway.connect.describeSignIn(tenant, plain.signInId)).toMatchObject({
      status: 'refused',
      refusal: 'consent_not_shown',
    })
    expect(await delegated()).toEqual(before)
    // Somebody who consented to all of it, for themselves: their token holds it, and no role that may allow it for others.
    const self = person()
    const ownConsent = new Set([`${mail}readwrite`.toLowerCase(), `${mail}send`.toLowerCase()])
    site.directory.consents.set(`${demo.clientId} ${self.oid}`, ownConsent)
    const own = await begun()
    expect((await forge(own, self.upn)).body).toContain('has no role that may consent to the application')
    expect(await site.gateway.connect.describeSignIn(tenant, own.signInId)).toMatchObject({
      status: 'refused',
      refusal: 'consent_not_shown',
    })
    expect(await delegated()).toEqual(before)
    // An organisation that allowed less than the answer claims.
    site.directory.consents.set(
      `${demo.clientId} tenant:${demo.tenantId}`,
      new Set([`https://graph.microsoft.com/mail.send`]),
    )
    const some = await begun()
    const allowed = await forge(some, administrator().upn)
    expect((await site.gateway.connect.describeSignIn(tenant, some.signInId)).refusal).toBe('')
    expect(allowed.body).toContain('Your organisation has approved it')
    const recorded = (await delegated()).find((one) => one.registrationId === registrationId)
    expect(recorded?.scopes.filter((scope) => scope.startsWith('https://'))).toEqual([`${mail}Send`])
  })
})
