/** Sends at once without an administrator, reads as soon as one approves (M-142); over the real pages and emulators. */
import { beforeEach, expect, test } from 'vitest'
import { readConfig } from '../../lib/config.js'
import { wireGateway } from '../../lib/gateway.js'
import { silentLog } from '../../lib/log.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { everyRow } from '../../lib/model/page.js'
import { demo } from '../../local/emulators/demo-directory.js'
import {
  administrator,
  allow,
  answerOfAdmin,
  dueAt,
  person,
  site,
  start,
  tenant,
  useAuthoritySite,
} from '../support/connect/authority-site.js'
import { origin, signInAt, tokenOf } from '../support/connect/connect-site.js'
import { shiftedClock } from '../support/http/admin-site.js'
import type { Answer, Browser } from '../support/http/cookie-jar.js'

useAuthoritySite()

const ben = 'ben@contoso.example'
const minute = 60_000
const day = 24 * 60 * minute
const approved = { clientId: demo.clientId, scopes: ['Mail.ReadWrite', 'Mail.Send', 'User.Read'] }

beforeEach(() => {
  site.directory.consents.clear()
  site.entra.control.setConsentPolicy({ tenant: 'contoso.example', policy: 'recommended' })
})

async function invited(more: object = {}) {
  const address = person().upn
  return { address, ...(await start(address, more)) }
}

/** Presses “Connect for sending now” on this page and signs in: account, done. */
async function sendFirst(browser: Browser, page: Answer, { link, address }: { link: string; address: string }) {
  expect(page.body).toContain('Connect for sending now')
  const form = { token: tokenOf(page.body), provider: 'microsoft', later: 'receive' }
  const sent = await browser.visit({ method: 'POST', url: link, form, from: origin }, false)
  const { url } = await site.entra.control.signInAs(sent.headers['location'] ?? '', address)
  return browser.visit({ method: 'GET', url, from: site.entra.url.replace('127.0.0.1', 'login.example') })
}

/** Refused because reading needs an administrator, then connected for sending. */
async function connectedForSending() {
  const owner = await invited()
  const browser = site.browser()
  const refused = await signInAt(site, browser, owner.link, owner.address)
  const page = await sendFirst(browser, refused, owner)
  const { mailboxId, connectionId, status, verdicts } = await site.gateway.connect.describeSignIn(
    tenant,
    owner.signInId,
  )
  expect(status).toBe('confirmed')
  return { ...owner, mailboxId, connectionId, verdicts, page, browser, approval: approvalIn(refused.body) }
}

const approvalIn = (body: string): string =>
  /class="link">(http:\/\/localhost:7071\/connect\/[^<]+)</.exec(body)?.[1] ?? ''
const factsOf = (id: string) => site.gateway.admin.readMailboxFacts(tenant, id)
const cardsOf = async (id: string) =>
  (await everyRow((page) => site.gateway.ops.listAttention(tenant, page), 'attention')).filter(
    (card) => card.mailboxId === id,
  )
/** A worker whose clock is ahead polls the mailbox. */
async function pollAt(mailboxId: string, aheadMs = 0) {
  const clock = shiftedClock(() => Date.now() + aheadMs)
  const { receive } = await wireGateway(readConfig(process.env), { clock, log: silentLog })
  return receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] })
}
const tokenRequests = () => site.entra.control.requests.filter(({ path }) => path.endsWith('/token')).length
const calls = () => site.graph.control.requests.map(({ method, path }) => `${method} ${path.replace('/v1.0', '')}`)

async function send(mailboxId: string) {
  const submission = parseMailSubmission({ to: [ben], subject: 'Invoice', text: 'Hi', mailboxId })
  const { mail } = await site.gateway.send.acceptMail(tenant, { submission })
  await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
  return site.gateway.send.readMail(tenant, mail.id)
}

test('M-142: refused for reading, connected for sending with one more sign-in; page, API and card say what waits for whom', async () => {
  const owner = await connectedForSending()
  expect(owner.page.body).toContain('is connected for sending')
  expect(approvalIn(owner.page.body), 'the same link as before').toBe(owner.approval)
  expect(owner.verdicts).toMatchObject({ reading: { verdict: 'fails', code: 'reading_awaits_approval' } })
  site.graph.control.reset()
  expect(await send(owner.mailboxId)).toMatchObject({ state: 'sent' })
  expect(calls()).toEqual(['POST /me/sendMail'])
  const facts = await factsOf(owner.mailboxId)
  expect(facts.receive).toMatchObject({
    transport: 'none',
    awaiting: { receive: { transport: 'graph', connectionId: owner.connectionId, folder: 'inbox' } },
  })
  expect(facts.health).toBe('needs-admin')
  expect(await cardsOf(owner.mailboxId)).toMatchObject([
    {
      ...{ kind: 'mailbox-receive', code: 'reading_awaits_approval', whoActs: "Customer's administrator" },
      actions: [{ operation: 'adminConsentStart', console: `/mailboxes/${owner.mailboxId}/approval` }, {}],
    },
  ])
  // The first link lasts a day; whoever sees the card makes another one.
  const { link } = await site.gateway.connect.startApproval({ tenant, mailboxId: owner.mailboxId })
  const done = await allow(site.browser(), link, demo.tenantId, administrator().upn)
  expect(done.body).toContain('Your organisation has approved it')
  await pollAt(owner.mailboxId)
  expect((await factsOf(owner.mailboxId)).receive.transport).toBe('graph')
  const again = site.gateway.connect.startApproval({ tenant, mailboxId: owner.mailboxId })
  await expect(again).rejects.toMatchObject({ code: 'no_approval_awaited' })
})

test('M-142: the administrator approves by our link, and it reads at once: same id, no visit of the owner, sending by draft', async () => {
  const { mailboxId, address, approval, browser, link } = await connectedForSending()
  site.directory.deliver(address, `From: kim@example.com\r\nMessage-ID: <${mailboxId}@x>\r\n\r\nHi\r\n`)
  expect(await pollAt(mailboxId)).toMatchObject([{ outcome: 'off' }])
  const done = await allow(site.browser(), approval, demo.tenantId, administrator().upn)
  expect(done.body).toContain('Mailboxes that send already and waited for this start reading')
  // Its job is in the queue; a worker takes it.
  expect(await pollAt(mailboxId)).toMatchObject([{ outcome: 'mail', handedOver: 1 }])
  const { id, receive, send: sending, warnings, health } = await factsOf(mailboxId)
  expect({ id, receive: receive.transport, send: sending.transport }).toEqual({
    ...{ id: mailboxId, receive: 'graph', send: 'graph' },
  })
  expect([warnings, health, await cardsOf(mailboxId)]).toEqual([[], 'working', []])
  const { body } = await browser.visit({ method: 'GET', url: `${link}/result` })
  expect(body).toContain('New mail can be read.')
  expect(body).not.toContain('is connected for sending')
  site.graph.control.reset()
  expect(await send(mailboxId)).toMatchObject({ state: 'sent' })
  expect(calls()[0]).toBe('POST /me/messages')
})

test('M-142: an approval in the Entra admin center, of which nobody tells us, is found within one poll interval', async () => {
  const { mailboxId } = await connectedForSending()
  await pollAt(mailboxId)
  expect((await dueAt('poll', mailboxId)) - Date.now()).toBeLessThanOrEqual(minute)
  site.entra.control.grantConsent({ tenant: 'contoso.example', ...approved })
  expect(await pollAt(mailboxId, minute)).toMatchObject([{ outcome: 'idle' }])
  expect((await factsOf(mailboxId)).receive.transport).toBe('graph')
})

test('M-142: denied, it keeps sending; tries are few, change nothing, and people hear of it once', async () => {
  const { mailboxId, approval } = await connectedForSending()
  const administrators = site.browser()
  const answer = await answerOfAdmin(administrators, approval, { cancel: '1' })
  expect((await administrators.visit({ method: 'GET', url: answer })).status).toBe(400)
  const [card] = await cardsOf(mailboxId)
  const before = tokenRequests()
  for (const [ahead, least] of [
    [0, 0],
    [day, 60 * minute],
    [7 * day, 5 * 60 * minute],
  ] as const) {
    expect(await pollAt(mailboxId, ahead)).toMatchObject([{ outcome: 'off' }])
    expect((await dueAt('poll', mailboxId)) - Date.now() - ahead).toBeGreaterThan(least)
  }
  expect(tokenRequests() - before).toBe(3)
  expect(await cardsOf(mailboxId)).toEqual([card])
  expect(await send(mailboxId)).toMatchObject({ state: 'sent' })
  expect((await factsOf(mailboxId)).connectionState).toBe('connected')
  // The wish can be given up, and then nobody waits any more.
  await site.gateway.admin.changeMailbox({ tenant, mailboxId }, { receive: { transport: 'none' } })
  expect(await cardsOf(mailboxId)).toEqual([])
  const after = tokenRequests()
  await pollAt(mailboxId)
  expect(tokenRequests()).toBe(after)
})

test('M-142: from the first page it takes one button, one account and nothing else', async () => {
  const owner = await invited()
  const browser = site.browser()
  const page = await browser.visit({ method: 'GET', url: owner.link })
  expect(page.body).toContain('Does your organisation require the approval of an administrator?')
  expect((await sendFirst(browser, page, owner)).body).toContain('is connected for sending')
})

test('M-142: approved in the meantime, the ordinary way connects both directions at once', async () => {
  const owner = await invited()
  const browser = site.browser()
  const refused = await signInAt(site, browser, owner.link, owner.address)
  await allow(site.browser(), approvalIn(refused.body), demo.tenantId, administrator().upn)
  const page = await signInAt(site, browser, owner.link, owner.address)
  expect(page.body).toContain('is connected')
  expect(page.body).not.toContain('is connected for sending')
  const { mailboxId } = await site.gateway.connect.describeSignIn(tenant, owner.signInId)
  expect((await factsOf(mailboxId)).receive.transport).toBe('graph')
})

test('M-142: a second attempt after “Connect for sending now” asks for both again; the link forgets nothing', async () => {
  site.entra.control.setConsentPolicy({ tenant: 'contoso.example', policy: 'none' })
  const owner = await invited()
  const browser = site.browser()
  const refused = await signInAt(site, browser, owner.link, owner.address)
  const again = await sendFirst(browser, refused, owner)
  // Not even sending is theirs to approve: the administrator's link is what is left.
  expect(again.body).not.toContain('Connect for sending now')
  expect(approvalIn(again.body)).toBe(approvalIn(refused.body))
  const page = await browser.visit({ method: 'GET', url: owner.link })
  expect(page.body).toContain('Read the mail that arrives')
  await allow(site.browser(), approvalIn(refused.body), demo.tenantId, administrator().upn)
  expect((await signInAt(site, browser, owner.link, owner.address)).body).toContain('is connected')
  const { mailboxId } = await site.gateway.connect.describeSignIn(tenant, owner.signInId)
  expect((await factsOf(mailboxId)).receive.transport).toBe('graph')
})

test('M-142: a mailbox that only receives, and one that only sends, are not offered it', async () => {
  for (const more of [
    { send: false, receive: true },
    { send: true, receive: false },
  ]) {
    const { link } = await invited(more)
    expect((await site.browser().visit({ method: 'GET', url: link })).body).not.toContain('Connect for sending now')
    // Nor does a form that somebody made up get it.
    const browser = site.browser()
    const page = await browser.visit({ method: 'GET', url: link })
    const form = { token: tokenOf(page.body), provider: 'microsoft', later: 'receive' }
    const sent = await browser.visit({ method: 'POST', url: link, form, from: origin }, false)
    const scope = new URL(sent.headers['location'] ?? '').searchParams.get('scope') ?? ''
    expect(scope.includes('Mail.Send')).toBe(more.send)
  }
})

test('M-142: a connection that broke while it waited says so itself, and reads after the reconnect', async () => {
  const { mailboxId, address } = await connectedForSending()
  site.entra.control.revoke(address)
  expect(await pollAt(mailboxId)).toMatchObject([{ outcome: 'off' }])
  expect((await factsOf(mailboxId)).connectionState).toBe('connected')
  site.entra.control.grantConsent({ tenant: 'contoso.example', ...approved })
  expect(await pollAt(mailboxId, minute), 'a revoked token opens nothing').toMatchObject([{ outcome: 'off' }])
  const { link } = await site.gateway.connect.startReconnect({ tenant, mailboxId })
  await signInAt(site, site.browser(), link, address)
  expect(await pollAt(mailboxId, minute)).toMatchObject([{ outcome: 'idle' }])
  expect((await factsOf(mailboxId)).receive.transport).toBe('graph')
})
