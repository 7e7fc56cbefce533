/** Mail is found, finished or open, in its own tenant, once. */
import { describe, expect, test } from 'vitest'
import { purgeOld } from '../../../lib/flows/ops/retention.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import type { MailSearch } from '../../../lib/model/mail-search.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Row } from '../../../lib/ports/tables.js'
import { day, pages, place, threeWeeks } from '../../support/send/mail-search.js'

const { acceptMail, retryMail, searchMails } = sendFlows

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
    const mail = (await acceptMail(w.deps, w.tenant, { submission: parseMailSubmission({ to, text: 'x' }) })).mail
    expect(await w.ids({ recipient: 'r999@customer.example' })).toEqual([mail.id])
    await w.drain()
    expect(await w.ids({ recipient: 'r999@customer.example', state: 'sent' })).toEqual([mail.id])
    expect(await w.ids({ recipient: 'r0@customer.example' })).toEqual([mail.id])
  })
})
