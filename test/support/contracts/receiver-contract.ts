/**
 * What the gateway relies on in every receiver, whatever the protocol: the same cases against each mail server, first at
 * the port, then through the receive flow. A new transport is done when this suite passes for it, and the rows about
 * servers that lie (receiver-lies.ts).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GatewayError } from '../../../lib/errors.js'
import type { AfterReceive } from '../../../lib/model/mailbox.js'
import type { ReceiveTarget } from '../../../lib/model/transports.js'
import { bytesInHand } from '../../../lib/ports/bytes-in-hand.js'
import type { FetchedMail, FetchLimits, ReceiveSession } from '../../../lib/ports/receiver.js'
import { failure } from '../general/failure.js'
import { pollHarness } from '../receive/poll-harness.js'
import type { ReceiverSubject, ReceiverWorld } from './receiver-subjects.js'

const limits: FetchLimits = { maxMails: 100, maxBytes: 50_000_000, since: 0 }
const hour = 3_600_000
const named = (subject: string, body = `This is ${subject}.`): string =>
  `From: kim@example.com\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.com>\r\n\r\n${body}\r\n`
const large = (subject: string): string => named(subject, `${'x'.repeat(98)}\r\n`.repeat(7_000))
const idOf = (subject: string): string => `<${subject}@example.com>`

/** Mails as spam and broken programs write them. Line ends are CRLF: IMAP servers keep mail in lines. */
export const malformed: [name: string, raw: Buffer][] = [
  ['no header at all', Buffer.from('\r\nbody only\r\n')],
  ['no empty line', Buffer.from('Subject: headers only\r\nX-Empty:\r\n')],
  ['lines that are no headers', Buffer.from('Subject: odd\r\nthis is no header\r\n: nameless\r\n\r\nbody\r\n')],
  [
    'raw bytes in headers',
    Buffer.from('Subject: Gr\xfc\xdfe \x80\xff\r\nFrom: \xe4\r\n\r\n\xff\xfe\x80\r\n', 'latin1'),
  ],
  ['unknown charset', Buffer.from('Subject: =?x-klingon?B?4oKs?= =?utf-8?Q?=ZZ?=\r\n\r\nbody\r\n')],
  [
    'a boundary that never comes',
    Buffer.from('Content-Type: multipart/mixed; boundary="b"\r\n\r\n--a\r\n\r\nbody\r\n'),
  ],
  ['a multipart that never ends', Buffer.from('Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--b\r\n')],
  ['a long line', Buffer.from(`Subject: long\r\nX-Long: ${'y'.repeat(60_000)}\r\n\r\n${'z'.repeat(300_000)}\r\n`)],
  ['base64 that is none', Buffer.from('Content-Transfer-Encoding: base64\r\n\r\n!!!not=base64===\r\n')],
  ['impossible dates and ids', Buffer.from('Date: 99 Foo 0000\r\nMessage-ID: <<>>\r\nMessage-ID: <2@x>\r\n\r\nb\r\n')],
]

export function receiverContract(
  server: string,
  start: () => Promise<ReceiverWorld>,
  { largestBytes = 700_000 } = {},
): void {
  describe.concurrent(`receiver contract: ${server}`, () => {
    let world: ReceiverWorld
    beforeAll(async () => {
      world = await start()
    })
    afterAll(() => world?.stop())

    /** A case with a mailbox of its own, whose sessions end with it. */
    const contract = (
      name: string,
      run: (box: ReceiverSubject, open: () => Promise<ReceiveSession>) => Promise<void>,
    ) =>
      test(name, async () => {
        const box = await world.newMailbox()
        const { receive } = box
        const target: ReceiveTarget = receive.transport === 'graph' ? { ...receive, graph: { mailbox: 'me' } } : receive
        const sessions: ReceiveSession[] = []
        try {
          await run(box, async () => {
            const session = await box.receiver.open(target, box.authority, new AbortController().signal)
            sessions.push(session)
            return session
          })
        } finally {
          await Promise.all(sessions.map((session) => session.close()))
        }
      })

    contract(
      'M-100, M-102: raw bytes come as they lie at the server, a large mail too, oldest first',
      async (box, open) => {
        const body = `${Buffer.alloc(57, 0xa5).toString('base64')}\r\n`.repeat(Math.ceil(largestBytes / 78))
        const mails = [named('first'), named('large', body), 'Subject: umlaut \xfc\r\n\r\n.\r\n..\r\n.dot\r\n']
        const raws = mails.map((mail) => Buffer.from(mail, 'latin1'))
        for (const [at, raw] of raws.entries()) await box.deliver(raw, Date.now() - hour + at * 1_000)
        const session = await open()
        let next = 0
        for await (const mail of session.fetch(undefined, limits)) {
          const raw = raws[next++]!
          expect(Buffer.from(await mail.raw()).equals(raw), `mail ${next}`).toBe(true)
          expect([0, raw.length]).toContain(mail.size)
          expect(Math.abs(mail.receivedAt - (Date.now() - hour))).toBeLessThan(60_000)
        }
        expect(next).toBe(3)
        expect(
          await failure(readAll(await open(), undefined, { maxBytes: Math.floor(largestBytes / 2) })),
        ).toMatchObject({
          code: 'mail_too_large',
          class: 'permanent',
        })
      },
    )

    contract(
      'M-100, M-102: the first sync reaches back as far as asked, later ones go on at the cursor',
      async (box, open) => {
        const since = Date.now() - 24 * hour
        await box.deliver(named('old'), since - hour)
        await box.deliver(named('yesterday'), since + hour)
        const first = await open()
        expect(await subjects(first, undefined, { since })).toEqual(['yesterday'])
        await box.deliver(named('today'))
        const second = await open()
        expect(await subjects(second, first.cursor(), { since })).toEqual(['today'])
        expect([first.resynced(), second.resynced(), second.more()]).toEqual([false, false, false])
        // Deletions are no news.
        await box.remove('old')
        await box.remove('yesterday')
        expect(await subjects(await open(), second.cursor(), { since })).toEqual([])
      },
    )

    contract('REL-22: what arrives while reading comes once, in this poll or the next', async (box, open) => {
      for (const subject of ['a', 'b', 'c']) await box.deliver(named(subject))
      const session = await open()
      const seen: string[] = []
      for await (const mail of session.fetch(undefined, { ...limits, maxMails: 2 })) {
        if (seen.length === 0) await box.deliver(named('late'))
        seen.push(await subjectOf(mail))
      }
      expect(session.more()).toBe(true)
      for (let from = session, polls = 0; polls < 3; polls++) {
        const next = await open()
        seen.push(...(await subjects(next, from.cursor())))
        from = next
      }
      expect(seen).toEqual(['a', 'b', 'c', 'late'])
    })

    contract('REL-22: a mail removed while reading is gone or given, and the others come', async (box, open) => {
      await box.deliver(named('a'))
      await box.deliver(large('removed'))
      await box.deliver(named('z'))
      const session = await open()
      const seen: string[] = []
      for await (const mail of session.fetch(undefined, limits)) {
        if (seen.length === 0) await box.remove('removed')
        seen.push(await subjectOf(mail).catch((error: GatewayError) => error.code))
      }
      expect(seen.filter((one) => one !== 'mail_gone' && one !== 'removed')).toEqual(['a', 'z'])
    })

    contract(
      'M-054: leave, mark read, move and delete act on these mails only, and again without harm',
      async (box, open) => {
        for (const subject of ['kept', 'read', 'moved', 'deleted']) await box.deliver(named(subject))
        const session = await open()
        const ids = new Map<string, string>()
        for await (const mail of session.fetch(undefined, limits)) ids.set(await subjectOf(mail), mail.serverId)
        const act = (subject: string, action: AfterReceive) => session.after([ids.get(subject)!], action)
        for (let round = 0; round < 2; round++) {
          await act('kept', { action: 'leave' })
          await act('read', { action: 'mark-read' })
          await act('moved', { action: 'move', folder: 'Archive' })
          await act('deleted', { action: 'delete' })
        }
        expect(await box.folder('INBOX')).toEqual(['kept', 'read (read)'])
        expect(await box.folder('Archive')).toEqual(['moved'])
        const missing = await failure(act('kept', { action: 'move', folder: 'Nowhere' }))
        expect(missing).toMatchObject({ class: 'needs-admin' })
        expect(await box.folder('INBOX')).toEqual(['kept', 'read (read)'])
      },
    )

    contract(
      'REL-21, REL-24, P-16, P-17: with its ids lost it starts over, bounded by date, and says so',
      async (box, open) => {
        const since = Date.now() - 24 * hour
        await box.deliver(named('old'), since - hour)
        await box.deliver(named('known'), since + hour)
        const first = await open()
        expect(await subjects(first, undefined)).toEqual(['old', 'known'])
        await first.close()
        await box.loseIds()
        await box.deliver(named('new'))
        const second = await open()
        expect(await subjects(second, first.cursor(), { since })).toEqual(['known', 'new'])
        expect(second.resynced()).toBe(true)
        const third = await open()
        expect(await subjects(third, second.cursor(), { since })).toEqual([])
        expect(third.resynced()).toBe(false)
      },
    )

    contract(
      'M-100, M-110: through the flow, nothing is told twice after a restart or by a second worker',
      async (box) => {
        await box.deliver(named('ancient'), Date.now() - 8 * 24 * hour)
        for (const subject of ['a', 'b']) await box.deliver(named(subject))
        const flow = await pollHarness(box)
        const both = await flow.pollTwice()
        expect(both.map(({ outcome }) => outcome).sort()).toEqual(['leased', 'mail'])
        expect(await flow.poll()).toMatchObject({ outcome: 'idle' })
        await box.deliver(named('c'))
        expect(await flow.poll()).toMatchObject({ outcome: 'mail', handedOver: 1 })
        expect(await flow.poll()).toMatchObject({ outcome: 'idle' })
        expect(flow.told()).toEqual(['a', 'b', 'c'].map(idOf))
      },
    )

    contract('P-16, P-17: through the flow, lost ids cost no duplicate, no mail, and nobody a click', async (box) => {
      const flow = await pollHarness(box)
      for (const subject of ['a', 'b', 'c']) await box.deliver(named(subject))
      await flow.poll()
      await box.loseIds()
      await box.deliver(named('new'))
      for (let poll = 0; poll < 3; poll++) await flow.poll()
      expect(await flow.log()).toContainEqual(expect.objectContaining({ resynced: true, handedOver: 1 }))
      expect(flow.told()).toEqual(['a', 'b', 'c', 'new'].map(idOf))
      expect(await flow.poll()).toMatchObject({ outcome: 'idle', code: '' })
    })

    contract(
      'H10: a large mail for which this process has no memory now waits, is nobody’s fault and comes next',
      async (box) => {
        const hand = bytesInHand(4_000_000)
        const patient = { ...hand, take: (bytes: number) => hand.take(bytes, 0) }
        const gateway = await pollHarness(box, { inHand: patient })
        await gateway.poll()
        await box.deliver(named('before'))
        await box.deliver(named('bulky', `${'x'.repeat(98)}\r\n`.repeat(21_000)))
        await box.deliver(named('behind'))
        const inUse = await hand.take(3_900_000, 0)
        await gateway.poll()
        expect(gateway.told()).not.toContain(idOf('bulky'))
        inUse?.()
        for (let polls = 0; polls < 3; polls++) await gateway.poll()
        expect(gateway.told().sort()).toEqual([idOf('before'), idOf('behind'), idOf('bulky')])
        expect(await gateway.notImported()).toEqual([])
        // Given back, too: the whole budget is free.
        expect(await hand.take(4_000_000, 0)).toBeTypeOf('function')
      },
    )

    contract(
      'M-107, M-108, M-109, P-13: bad mail is kept raw or listed with its reason, the rest arrives',
      async (box) => {
        for (const [, raw] of malformed) await box.deliver(raw)
        await box.deliver(large('too large'))
        await box.deliver(named('after them all'))
        const flow = await pollHarness(box, { settings: { maxMailBytes: 600_000 } })
        for (let poll = 0; poll < 4; poll++) await flow.poll()
        expect(flow.told()).toContain(idOf('after them all'))
        expect(flow.told()).toHaveLength(malformed.length + 1)
        const found = await flow.list()
        const kept = await Promise.all(
          found.filter(({ state }) => state === 'handed-over').map(async ({ id }) => flow.raw(id)),
        )
        for (const [name, raw] of malformed)
          expect(
            kept.some((bytes) => bytes.equals(raw)),
            name,
          ).toBe(true)
        expect(await flow.notImported()).toMatchObject([
          { state: 'quarantined', code: 'mail_too_large', description: expect.stringContaining('600000') },
        ])
      },
    )

    contract('P-11, M-054: through the flow, what was handed over leaves the inbox, the rest stays', async (box) => {
      const flow = await pollHarness(box, {
        after: { action: 'move', folder: 'Archive' },
        settings: { mailsPerPoll: 2 },
      })
      for (const subject of ['a', 'b', 'c']) await box.deliver(named(subject))
      expect(await flow.poll()).toMatchObject({ outcome: 'mail', handedOver: 2 })
      expect(await box.folder('INBOX')).toEqual(['c'])
      expect(await flow.poll()).toMatchObject({ outcome: 'mail', handedOver: 1 })
      expect(await box.folder('Archive')).toEqual(['a', 'b', 'c'])
      expect(await flow.poll()).toMatchObject({ outcome: 'idle' })
    })
  })
}

async function subjectOf(mail: FetchedMail): Promise<string> {
  return /^Subject: (.*)\r$/m.exec(Buffer.from(await mail.raw()).toString('latin1', 0, 2_000))?.[1] ?? ''
}

async function subjects(session: ReceiveSession, cursor?: string, change: Partial<FetchLimits> = {}) {
  const found: string[] = []
  for await (const mail of session.fetch(cursor, { ...limits, ...change })) found.push(await subjectOf(mail))
  return found
}

async function readAll(session: ReceiveSession, cursor?: string, change: Partial<FetchLimits> = {}): Promise<void> {
  for await (const mail of session.fetch(cursor, { ...limits, ...change })) await mail.raw()
}
