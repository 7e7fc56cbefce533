/** "Did Tuesday's invoice leave?": mail is found by what people know of it, open or finished, for the whole retention. */
import { describe, expect, test } from 'vitest'
import { purgeOld } from '../../../lib/flows/ops/retention.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import type { MailSearch } from '../../../lib/model/mail-search.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Row } from '../../../lib/ports/tables.js'
import { faultOf, type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, cancelMail, drainLane, retryMail, searchMails, sendMailNow } = sendFlows
const day = 86_400_000

async function place(keepSubject: 'yes' | 'no' = 'yes') {
  const h = await sendHarness()
  h.deps.config.keepSubject = keepSubject
  const submit = async (to: string, more: object = {}, key?: string) =>
    (
      await acceptMail(
        h.deps,
        h.tenant,
        parseMailSubmission({ to: [to], ...('raw' in more ? {} : { text: 'x' }), ...more }),
        key,
      )
    ).mail
  const drain = (deps = h.deps) => drainLane(deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
  const ids = async (search: MailSearch) => (await searchMails(h.deps, h.tenant, search)).mails.map(({ id }) => id)
  return { ...h, submit, drain, ids }
}

/** Every page, one after the other. */
async function pages(h: Pick<Harness, 'deps' | 'tenant'>, search: MailSearch) {
  const all: string[][] = []
  let after = ''
  do {
    const page = await searchMails(h.deps, h.tenant, { ...search, after })
    all.push(page.mails.map(({ id }) => id))
    after = page.next
  } while (after !== '')
  return all
}

/** Mail of three weeks: sent, failed, cancelled, and open in all its ways. */
async function threeWeeks() {
  const h = await place()
  const reference = { invoice: '4711' }
  const invoice = await h.submit(
    'Ana@Customer.example',
    { subject: 'Your Invoice  4711', metadata: reference },
    'key-1',
  )
  await h.drain()
  h.clock.advance(day)
  h.peer.script.send = () => faultOf('permanent')
  const failed = await h.submit('ben@customer.example', { subject: 'Reminder', cc: ['ana@customer.example'] })
  await h.drain()
  h.peer.script.send = () => undefined
  h.clock.advance(10 * day)
  const cancelled = await h.submit('cleo@customer.example', { hold: true })
  await cancelMail(h.deps, h.tenant, cancelled.id)
  h.clock.advance(10 * day)
  const raw =
    'From: sales@acme.example\r\nMessage-ID: <own@acme.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nx\r\n'
  const own = await h.submit('dan@customer.example', { raw: Buffer.from(raw).toString('base64') })
  await h.drain()
  const held = await h.submit('ana@customer.example', { hold: true, subject: 'Held invoice' })
  const planned = await h.submit('eve@customer.example', { notBefore: new Date(h.clock.now() + day).toISOString() })
  h.peer.script.send = () => faultOf('transient')
  const waiting = await h.submit('fay@customer.example')
  await h.drain()
  h.peer.script.send = () => undefined
  const start = Date.parse(invoice.acceptedAt)
  return { ...h, start, mails: { invoice, failed, cancelled, own, held, planned, waiting } }
}

type Weeks = Awaited<ReturnType<typeof threeWeeks>>

describe('D5 O3: mail is found, finished or open', () => {
  const cases: [string, (w: Weeks) => MailSearch, (keyof Weeks['mails'])[]][] = [
    [
      'by recipient, whatever its case, to or cc',
      () => ({ recipient: 'ANA@customer.example' }),
      ['held', 'failed', 'invoice'],
    ],
    ['by a part of the subject', () => ({ subject: 'invoice 47' }), ['invoice']],
    ['by the subject of complete MIME', () => ({ subject: 'GRÜSSE' }), []],
    ['by the decoded subject of complete MIME', () => ({ subject: 'grüße' }), ['own']],
    ['by Message-ID', ({ mails }) => ({ messageId: mails.failed.messageId }), ['failed']],
    ['by a Message-ID of its own, without brackets', () => ({ messageId: 'own@acme.example' }), ['own']],
    ['by idempotency key', () => ({ idempotencyKey: 'key-1' }), ['invoice']],
    ['by metadata', () => ({ metadata: { key: 'invoice', value: '4711' } }), ['invoice']],
    ['by another value of metadata', () => ({ metadata: { key: 'invoice', value: '471' } }), []],
    ['by the state sent', () => ({ state: 'sent' }), ['own', 'invoice']],
    ['by the state failed', () => ({ state: 'failed' }), ['failed']],
    ['by the state cancelled', () => ({ state: 'cancelled' }), ['cancelled']],
    ['by the state waiting', () => ({ state: 'waiting' }), ['waiting']],
    ['by held', () => ({ state: 'held' }), ['held']],
    ['by time', ({ start }) => ({ since: start + day, until: start + 12 * day }), ['cancelled', 'failed']],
    ['by a time whose end is not part of it', ({ start }) => ({ until: start + day }), ['invoice']],
    ['by mailbox and state', ({ mailbox }) => ({ mailboxId: mailbox.id, state: 'failed' }), ['failed']],
    ['by recipient and state', () => ({ recipient: 'ana@customer.example', state: 'failed' }), ['failed']],
    [
      'by recipient and subject',
      () => ({ recipient: 'ana@customer.example', subject: 'invoice' }),
      ['held', 'invoice'],
    ],
    ['by recipient and time', ({ start }) => ({ recipient: 'ana@customer.example', until: start + 1 }), ['invoice']],
    ['by a key that belongs to another recipient', () => ({ idempotencyKey: 'key-1', recipient: 'x@y.example' }), []],
    ['not by a recipient who got nothing', () => ({ recipient: 'nobody@customer.example' }), []],
    ['open mail alone, asked for nothing', () => ({}), ['planned', 'held', 'waiting']],
    ['open mail of a mailbox', ({ mailbox }) => ({ mailboxId: mailbox.id }), ['planned', 'held', 'waiting']],
    ['not in a mailbox of that id', () => ({ mailboxId: 'a'.repeat(26), recipient: 'ana@customer.example' }), []],
  ]
  test('each way by which people look', async () => {
    const w = await threeWeeks()
    const name = new Map(Object.entries(w.mails).map(([key, { id }]) => [id, key]))
    for (const [way, search, expected] of cases) {
      const found = (await w.ids(search(w))).map((id) => name.get(id)!)
      const isOrdered = expected.some((one) => one === 'planned')
      expect(isOrdered ? found.sort() : found, way).toEqual(isOrdered ? [...expected].sort() : expected)
    }
    expect((await w.ids({ includeDone: true })).map((id) => name.get(id)).slice(3)).toEqual([
      'own',
      'cancelled',
      'failed',
      'invoice',
    ])
  })

  test('never in another tenant', async () => {
    const w = await threeWeeks()
    for (const [way, search] of cases)
      expect((await searchMails(w.deps, 'other', { includeDone: true, ...search(w) })).mails, way).toEqual([])
  })

  test('once, as what it is now, when it failed first and was sent weeks later', async () => {
    const w = await threeWeeks()
    const { failed } = w.mails
    await retryMail(w.deps, w.tenant, failed.id)
    expect(await w.ids({ state: 'failed' })).toEqual([])
    expect(await w.ids({ messageId: failed.messageId })).toEqual([failed.id])
    w.clock.advance(2 * day)
    await w.drain()
    expect(await w.ids({ state: 'failed' })).toEqual([])
    expect(await w.ids({ recipient: 'ben@customer.example' })).toEqual([failed.id])
    expect((await w.ids({ state: 'sent' })).filter((id) => id === failed.id)).toEqual([failed.id])
  })

  test('as long as it is kept, and not longer', async () => {
    const w = await threeWeeks()
    w.clock.advance(10 * day)
    await purgeOld(w.deps, 30)
    const before = await w.ids({ recipient: 'ana@customer.example' })
    w.clock.advance(day)
    await purgeOld(w.deps, 30)
    expect(before).toContain(w.mails.failed.id)
    expect(await w.ids({ recipient: 'ana@customer.example' })).toEqual([w.mails.held.id])
    expect((await w.stores.tables.list(w.deps.names.log('mailindex', ''))).length).toBe(2)
  })

  test('in pages of any size each mail comes once, newest first, whatever the day it was finished on', async () => {
    const w = await place()
    const sent: string[] = []
    for (let n = 0; n < 12; n++) {
      // Every third mail is planned for days later, so that it is finished long after its neighbours.
      const notBefore = n % 3 === 0 ? { notBefore: new Date(w.clock.now() + (2 + n / 3) * day).toISOString() } : {}
      sent.unshift((await w.submit('ana@customer.example', notBefore)).id)
      if (n % 4 !== 3) w.clock.advance(day / 3)
      await w.drain()
    }
    for (let n = 0; n < 12; n++) {
      w.clock.advance(day)
      await w.drain()
    }
    for (const search of [
      { includeDone: true },
      { recipient: 'ana@customer.example' },
      { mailboxId: w.mailbox.id, state: 'sent' },
    ] as const)
      for (const limit of [1, 2, 5, 12]) {
        const all = await pages(w, { ...search, limit })
        expect(all.every((page) => page.length <= limit)).toBe(true)
        expect(all.flat(), `${JSON.stringify(search)} by ${limit}`).toEqual(
          // At equal times in the order of ids.
          [...sent].sort((a, b) => byAcceptance(w, sent, a, b)),
        )
      }
    function byAcceptance({ peer }: typeof w, order: string[], a: string, b: string): number {
      const at = (id: string) =>
        Math.floor((11 - order.indexOf(id)) / 4) * 3 + Math.min((11 - order.indexOf(id)) % 4, 3)
      expect(peer.sent.length).toBe(12)
      return at(b) - at(a) || (a < b ? -1 : 1)
    }
  })

  test('a worker that died right after the last write of the journal leaves a mail that is found', async () => {
    const w = await place()
    w.peer.script.lookUp = () => 'sent'
    const mail = await w.submit('ana@customer.example')
    let found = 0
    for (let crashAt = 1; crashAt < 80; crashAt++) {
      const { deps } = w.process(crashAt)
      await w.drain(deps).catch(() => {})
      expect(await w.ids({ recipient: 'ana@customer.example' }), `crash at ${crashAt}`).toEqual([mail.id])
      found += 1
      w.clock.advance(6 * 60_000)
    }
    expect(found).toBe(79)
    await w.drain()
    expect(await w.ids({ state: 'sent', recipient: 'ana@customer.example' })).toEqual([mail.id])
  })

  test('REL-13: an open mail of an older build, whose hint says nothing, is found', async () => {
    const w = await place()
    const mail = await w.submit('ana@customer.example', { subject: 'Offer', hold: true })
    const table = w.deps.names.table('outbox')
    for await (const row of w.stores.tables.query(table, { partition: `${w.tenant}~${w.mailbox.id}` })) {
      const { terms: _terms, subject: _subject, acceptedAt: _acceptedAt, ...old } = row
      await w.stores.tables.remove(table, { partitionKey: row.partitionKey, rowKey: row.rowKey })
      await w.stores.tables.insert(table, old as Row)
    }
    expect(await w.ids({ recipient: 'ana@customer.example' })).toEqual([mail.id])
    expect(await w.ids({ subject: 'offer' })).toEqual([mail.id])
    expect(await w.ids({ recipient: 'ben@customer.example' })).toEqual([])
  })

  test('a thousand recipients are a thousand ways to find a mail', async () => {
    const w = await place()
    w.deps.config.maxRecipients = 1_000
    const to = Array.from({ length: 1_000 }, (_, n) => `r${n}@customer.example`)
    const mail = (await acceptMail(w.deps, w.tenant, parseMailSubmission({ to, text: 'x' }))).mail
    expect(await w.ids({ recipient: 'r999@customer.example' })).toEqual([mail.id])
    await w.drain()
    expect(await w.ids({ recipient: 'r999@customer.example', state: 'sent' })).toEqual([mail.id])
    expect(await w.ids({ recipient: 'r0@customer.example' })).toEqual([mail.id])
  })
})

describe('D5: a search that cannot be answered in one look', () => {
  test('a page that looked at enough ends, empty or not, and the next one goes on', async () => {
    const w = await place()
    const first = await w.submit('ana@customer.example', { subject: 'needle' })
    await w.drain()
    for (let n = 0; n < 30; n++) await w.submit('ben@customer.example', { subject: 'hay' })
    await w.drain()
    // A clock on which looking takes time: one row, two seconds.
    let looked = 0
    const slow = { ...w.deps, clock: { ...w.clock, now: () => w.clock.now() + looked++ * 2_000 } }
    const all = await pages({ deps: slow, tenant: w.tenant }, { subject: 'needle' })
    expect(all.flat()).toEqual([first.id])
    expect(all.length).toBeGreaterThan(5)
    expect(all.length).toBeLessThan(32)
  })

  test('subjects that are not kept are not searched: the refusal says so, and nothing of them is stored', async () => {
    const w = await place('no')
    await w.submit('ana@customer.example', { subject: 'Confidential matter' })
    await w.submit('ana@customer.example', { subject: 'Confidential matter', hold: true })
    await w.drain()
    await expect(w.ids({ subject: 'confidential' })).rejects.toMatchObject({
      code: 'subjects_not_kept',
      status: 409,
      remedy: expect.stringContaining('keepSubject'),
    })
    expect(await w.ids({ recipient: 'ana@customer.example' })).toHaveLength(2)
    const tables = ['mails', 'outbox'].map((name) => w.deps.names.table(name as 'mails'))
    for (const table of [
      ...tables,
      ...(await w.stores.tables.list(w.deps.names.log('mailindex', ''))),
      ...(await w.stores.tables.list(w.deps.names.log('sendinglog', ''))),
    ])
      for await (const row of w.stores.tables.query(table, { partitionRange: ['!', '~~~~'] }))
        expect(JSON.stringify(row).toLowerCase(), table).not.toContain('confidential')
  })

  test('a mail sent early is found like any other', async () => {
    const w = await threeWeeks()
    await sendMailNow(w.deps, w.tenant, w.mails.planned.id)
    await w.drain()
    expect(await w.ids({ recipient: 'eve@customer.example', state: 'sent' })).toEqual([w.mails.planned.id])
  })
})

describe('D6: a forged `after`', () => {
  const id = 'a'.repeat(26)
  test.each([
    'x',
    'f',
    `f~123~${id}`,
    `f~9999999999999~${id}~`,
    `f~9999999999999~${id.toUpperCase()}`,
    `o~${id}~d~9999999999999`,
    `o~other~${id}~d~9999999999999~${id}`,
    `o~${id}~z~9999999999999~${id}`,
    `${id}~d~9999999999999~${id}`,
    "f~9999999999999~' or PartitionKey ne '",
    'f~'.repeat(5_000),
  ])('%j is refused and names the cure', async (after) => {
    const h = await sendHarness()
    await expect(searchMails(h.deps, h.tenant, { after, includeDone: true })).rejects.toMatchObject({
      code: 'invalid_input',
      status: 400,
      field: 'after',
      description: expect.stringContaining('leave it out for the first page'),
    })
  })

  test('one of the right form names rows of the own tenant only', async () => {
    const w = await threeWeeks()
    const first = await searchMails(w.deps, w.tenant, { includeDone: true, limit: 1 })
    for (const after of [first.next, 'f~0000000000000~'.concat(id), `o~${id}~d~0000000000000~${id}`])
      expect((await searchMails(w.deps, 'other', { includeDone: true, after })).mails).toEqual([])
    await expect(searchMails(w.deps, w.tenant, { mailboxId: id, after: first.next })).rejects.toMatchObject({
      field: 'after',
    })
  })
})
