/** What IMAP servers lie about and no other protocol has (field 02 to 07); receiver-lies.ts has what all can lie about. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Authority } from '../../lib/ports/authority.js'
import { Secret } from '../../lib/secret.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../lib/transports/imap-receiver.js'
import type { ImapFault } from '../../local/emulators/imap/imap-faults.js'
import type { ImapLie } from '../../local/emulators/imap/imap-lies.js'
import { type ImapEmulator, startImap } from '../../local/emulators/imap/start-imap.js'
import { pollHarness } from '../support/receive/poll-harness.js'

const password = 'correct-horse'
let server: ImapEmulator
beforeAll(async () => {
  server = await startImap({ accounts: () => ({ password }), mode: 'plain' })
})
afterAll(() => server.stop())

const named = (subject: string | number, body = `This is ${subject}.`): string =>
  `From: kim@example.com\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\n\r\n${body}\r\n`

type Order<T> = T extends unknown ? Omit<T, 'user'> : never
let boxes = 0

/** A mailbox with this many mails, UIDs from 1, and the flow that polls it. */
async function box(mails: number, settings: Parameters<typeof pollHarness>[1] = {}) {
  const user = `box${++boxes}@contoso.example`
  const authority: Authority = { kind: 'password', user, password: new Secret(password) }
  const imap = { host: 'localhost', port: server.port, tls: 'plain', folder: 'INBOX' } as const
  const receiver = imapReceiver({
    lookup: guardedLookup({ allowLoopback: true }),
    timeoutsMs: { connect: 5_000, command: 1_500, session: 20_000 },
  })
  const flow = await pollHarness({ address: user, receiver, authority, receive: { transport: 'imap', imap } }, settings)
  const deliver = (subject: string | number, body?: string, receivedAt = Date.now()) =>
    server.deliver(user, named(subject, body), 'INBOX', { internalDate: receivedAt })
  for (let n = 1; n <= mails; n++) deliver(n)
  return {
    ...flow,
    user,
    deliver,
    lie: (lie: Order<ImapLie>) => server.control.lies.order({ ...lie, user } as ImapLie),
    fail: (fault: Omit<ImapFault, 'user'>) => server.control.faults.order({ ...fault, user }),
    rewind: () => server.control.rewindUids(user),
    polls: async (times: number) => {
      for (let poll = 0; poll < times; poll++) await flow.poll()
    },
    outcomes: async () => (await flow.log()).map((row) => String(row['outcome'])),
  }
}
const ids = (...subjects: (string | number)[]) => subjects.map((subject) => `<${subject}@x>`)

describe('what only the numbers of IMAP can tell', () => {
  test('field 07: a refusal of one moment is made up for by the next poll', async () => {
    const at = await box(2, { after: { action: 'mark-read' } })
    at.fail({ at: 'UID STORE', fault: 'no', text: 'Server Unavailable. 15' })
    await at.polls(2)
    expect(server.store.folder(at.user, 'INBOX')!.messages.map(({ flags }) => flags)).toEqual([['\\Seen'], ['\\Seen']])
  })

  test('field 02: a number that names nothing moves the position by nothing', async () => {
    const at = await box(3)
    at.lie({ lie: 'search', add: [9], times: 1 })
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2, 3))
    expect(await at.outcomes()).toContain('gone')
    for (let n = 4; n <= 9; n++) at.deliver(n)
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2, 3, 4, 5, 6, 7, 8, 9))
  })

  test('field 02: the newest number is none when nothing confirms it: the numbering stands', async () => {
    const at = await box(3)
    at.lie({ lie: 'search', add: [9], times: 2 })
    await at.poll()
    at.deliver(4)
    await at.polls(2)
    expect(at.told()).toEqual(ids(1, 2, 3, 4))
    expect((await at.log()).map((row) => row['resynced'] ?? false)).not.toContain(true)
  })

  test('field 03: UIDs rewound under the same UIDVALIDITY: read again by date, nothing twice', async () => {
    const at = await box(0)
    const folder = server.store.folder(at.user, 'INBOX')!
    folder.uidNext = 101
    for (let n = 1; n <= 5; n++) at.deliver(n)
    await at.poll()
    at.rewind()
    for (const n of [6, 7, 8]) at.deliver(n)
    await at.polls(2)
    expect(at.told()).toEqual(ids(1, 2, 3, 4, 5, 6, 7, 8))
    expect(await at.outcomes()).toContain('received')
    // Numbers that mean other mails now: no mail behind them is taken for one of before.
    folder.uidNext = 101
    for (let n = 9; n <= 13; n++) at.deliver(n)
    await at.polls(2)
    expect(at.told()).toHaveLength(13)
    expect(await at.poll()).toMatchObject({ outcome: 'idle' })
  })

  test('field 03: rewound and nothing new yet: known mail is not told again, and new mail comes', async () => {
    const at = await box(0)
    server.store.folder(at.user, 'INBOX')!.uidNext = 101
    for (let n = 1; n <= 3; n++) at.deliver(n)
    await at.poll()
    at.rewind()
    await at.polls(2)
    expect(at.told()).toEqual(ids(1, 2, 3))
    at.deliver(4)
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2, 3, 4))
  })

  test('field 03: UIDs that are new in each session (RFC 4315 3, UIDNOTSTICKY): the mails beyond one poll arrive too', async () => {
    const at = await box(12, { settings: { mailsPerPoll: 5 } })
    at.lie({ lie: 'uid-not-sticky' })
    await at.polls(3)
    at.deliver(13)
    await at.polls(2)
    expect(at.told()).toEqual(ids(...Array.from({ length: 13 }, (_, n) => n + 1)))
    // Nothing but known mail is no reason to come back at once.
    at.queued()
    await at.poll()
    expect(at.queued()).toEqual([])
  })

  test('field 05: a mail that is found by this date and then dated long before is new all the same', async () => {
    const at = await box(2)
    at.lie({ lie: 'internal-date', uid: 2, value: '"02-Jan-1990 00:00:00 +0000"' })
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2))
  })

  test('field 06: 0 for a mail over the limit: listed as too large, and the next one arrives', async () => {
    const at = await box(1, { settings: { maxMailBytes: 1_000_000 } })
    at.deliver(2, 'x'.repeat(3_000_000))
    at.deliver(3)
    at.lie({ lie: 'size', uid: 2, value: '0' })
    await at.poll()
    expect(at.told()).toEqual(ids(1, 3))
    expect(await at.notImported()).toMatchObject([{ code: 'mail_too_large' }])
  })

  test.each(['AUTHENTICATE', 'SELECT', 'UID SEARCH', 'UID FETCH'])(
    'H8: a BYE at %s with an answer after it is no fault of ours, and what it repeats is no word of the log',
    async (at) => {
      const one = await box(1)
      server.control.faults.order({ at, fault: 'says', text: `BYE Rejected: ${password}` })
      const { code } = await one.poll()
      expect(['', 'imap_bye']).toContain(code)
      expect(JSON.stringify(await one.log())).not.toContain(password)
    },
  )

  test.each([
    ['no', 'Too many connections', 'imap_greeting_refused', '* NO Too many connections'],
    ['no', '[UNAVAILABLE] Restarting', 'imap_unavailable', '* NO [UNAVAILABLE] Restarting'],
    ['bad', '', 'imap_greeting_refused', '* BAD'],
    ['bye', '', 'imap_greeting_refused', '* BYE'],
    ['bye', '[UNAVAILABLE] Restarting', 'imap_unavailable', '* BYE [UNAVAILABLE] Restarting'],
    ['line', '220 mail.contoso.example ESMTP ready', 'imap_greeting_unreadable', undefined],
    ['line', '+OK POP3 ready', 'imap_greeting_unreadable', undefined],
    ['line', 'HTTP/1.1 400 Bad Request', 'imap_greeting_unreadable', undefined],
    ['line', 'SSH-2.0-x', 'imap_greeting_unreadable', undefined],
    ['line', '\x00\x16\x03{{{(((', 'imap_greeting_unreadable', undefined],
  ] as const)(
    'H8: a server that greets with %s %s is told at once, without waiting for another greeting',
    async (fault, text, code, peerLine) => {
      const at = await box(1)
      server.control.faults.order({ at: 'greeting', fault, text })
      expect(await at.poll()).toMatchObject({ outcome: 'failed', code })
      expect((await at.log())[0]!['peerLine']).toBe(peerLine)
      await at.poll()
      expect(at.told()).toEqual(ids(1))
    },
  )

  test('H7: a server that asks on and on while somebody logs in is cut after some lines', async () => {
    const at = await box(1)
    server.control.faults.order({ at: 'AUTHENTICATE', fault: 'challenges' })
    expect(await at.poll()).toMatchObject({ outcome: 'failed', code: 'imap_answer_too_large' })
  })
})
