/**
 * Servers that answer less, more, twice, out of turn, and lie in each number they give (field 01 to 07, H1, H5): each lie
 * of the IMAP emulator against the whole receive flow. Whatever they say, each mail is told once, listed with its reason,
 * or logged as gone.
 */
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
    remove: (uid: number) => {
      const folder = server.store.folder(user, 'INBOX')!
      server.store.remove(
        user,
        folder,
        folder.messages.filter((message) => message.uid === uid),
      )
    },
    polls: async (times: number) => {
      for (let poll = 0; poll < times; poll++) await flow.poll()
    },
    outcomes: async () => (await flow.log()).map((row) => String(row['outcome'])),
  }
}
const ids = (...subjects: (string | number)[]) => subjects.map((subject) => `<${subject}@x>`)

describe('field 01: rows of one UID are merged, never replaced (RFC 3501 2.2.2, 5.2, 7.4.2)', () => {
  test.each<[string, Order<ImapLie>]>([
    ['with UID, at the end', { lie: 'flags', uid: 2, where: 'last' }],
    ['with UID, before its literal', { lie: 'flags', uid: 2, where: 'before' }],
    ['with UID, after its literal', { lie: 'flags', uid: 2, where: 'after' }],
    ['for a mail told before', { lie: 'flags', uid: 3, where: 'before', about: 1 }],
    ['for a mail still to come', { lie: 'flags', uid: 1, where: 'before', about: 3 }],
    ['without UID', { lie: 'flags', uid: 2, where: 'last', bare: true }],
    ['with a MODSEQ that is none', { lie: 'flags', uid: 2, where: 'last', modSeq: '(x) ' }],
    ['and a mail arrives in between', { lie: 'untagged', uid: 2, text: '4 EXISTS' }],
    ['and somebody expunges in between', { lie: 'untagged', uid: 2, text: '1 EXPUNGE' }],
    ['rows come last first', { lie: 'reversed' }],
    ['a row comes twice', { lie: 'row', uid: 2, how: 'twice' }],
  ])('field 01: another client at work: %s', async (_, lie) => {
    const at = await box(3)
    at.lie(lie)
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2, 3))
  })
})

describe('field 07: whoever may read a folder and not change it gets its mail (RFC 3501 6.4.6, RFC 5530 3)', () => {
  test.each([
    ['in bare words', '[READ-ONLY] Folder is open for reading only'],
    ['of a right', '[NOPERM] Permission denied'],
    ['of room', '[OVERQUOTA] Quota exceeded'],
    ['of a moment', 'Server Unavailable. 15'],
  ])('field 07: a refusal %s to mark as read is reported, and the next mails arrive', async (_, text) => {
    const at = await box(2, { after: { action: 'mark-read' } })
    at.fail({ at: 'UID STORE', fault: 'no', text, times: 100 })
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 2 })
    for (const n of [3, 4, 5]) {
      at.deliver(n)
      expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 1 })
    }
    expect(at.told()).toEqual(ids(1, 2, 3, 4, 5))
    expect((await at.log()).map(({ peerLine }) => String(peerLine)).join()).toContain(text)
  })

  test('field 07: a refusal of one moment is made up for by the next poll', async () => {
    const at = await box(2, { after: { action: 'mark-read' } })
    at.fail({ at: 'UID STORE', fault: 'no', text: 'Server Unavailable. 15' })
    await at.polls(2)
    expect(server.store.folder(at.user, 'INBOX')!.messages.map(({ flags }) => flags)).toEqual([['\\Seen'], ['\\Seen']])
  })
})

describe('field 02, H5: what was asked for and not answered is looked for (RFC 2180 4.1, RFC 5530 3)', () => {
  const rows = ['left-out', 'no-uid', 'nil', 'empty', 'other-uid', 'garbage', 'no'] as const

  test.each(rows)('field 02, H5: %s once: the mail comes in the same poll', async (how) => {
    const at = await box(3)
    at.lie({ lie: 'row', uid: 2, how, of: 'body', times: 1 })
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2, 3))
  })

  test.each(rows)('field 02, H5: %s for ever: strikes, then it is set aside, and the next one arrives', async (how) => {
    const at = await box(3)
    at.lie({ lie: 'row', uid: 2, how, of: 'body' })
    await at.polls(7)
    expect(at.told()).toEqual(ids(1, 3))
    expect(await at.notImported()).toMatchObject([{ attempts: 5 }])
    expect(await at.poll()).toMatchObject({ outcome: 'idle' })
  })

  test.each(rows)('field 02: %s where only sizes and dates were asked for costs no mail', async (how) => {
    const at = await box(3)
    at.lie({ lie: 'row', uid: 2, how, of: 'description' })
    await at.polls(2)
    expect(at.told()).toEqual(ids(1, 2, 3))
  })

  test('field 02: a mail that is gone on a second look is skipped, and the log says so', async () => {
    const at = await box(3)
    at.lie({ lie: 'search', add: [9], times: 1 })
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2, 3))
    expect(await at.outcomes()).toContain('gone')
    // A number that names nothing moves the position by nothing.
    for (let n = 4; n <= 9; n++) at.deliver(n)
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2, 3, 4, 5, 6, 7, 8, 9))
  })

  test('H5: bytes that come under the number of another mail of the same answer are believed for neither', async () => {
    const at = await box(3)
    at.lie({ lie: 'row', uid: 2, how: 'other-uid', as: 3, of: 'body', times: 1 })
    at.lie({ lie: 'row', uid: 3, how: 'left-out', of: 'body', times: 1 })
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2, 3))
  })
})

describe('field 03: the server’s numbers (RFC 3501 2.3.1.1: UIDs only ever grow)', () => {
  test('field 03: UIDs rewound under the same UIDVALIDITY: read anew by date, nothing twice', async () => {
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

  test.each([
    ['missing', null],
    ['0', '0'],
    ['always 1', '1'],
    ['not growing', '4'],
    ['far above', '4294967295'],
    ['none', 'x'],
  ])('field 03: UIDNEXT %s: each mail once, whether or not others leave', async (_, value) => {
    const at = await box(3)
    at.lie({ lie: 'uid-next', value })
    await at.polls(2)
    at.deliver(4)
    await at.polls(2)
    at.remove(4)
    await at.polls(2)
    at.deliver(5)
    await at.polls(2)
    expect(at.told()).toEqual(ids(1, 2, 3, 4, 5))
    // The folder itself says where it stands: nothing is read anew for ever.
    const before = server.commands.length
    await at.poll()
    expect(server.commands.slice(before).filter(({ line }) => /FETCH/.test(line))).toEqual([])
  })

  test.each([
    ['0', '0'],
    ['too many', '4000000000'],
    ['missing', null],
  ])('field 03: EXISTS %s changes nothing', async (_, value) => {
    const at = await box(2)
    at.lie({ lie: 'exists', value })
    await at.poll()
    at.deliver(3)
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2, 3))
  })

  test.each([
    ['missing', null],
    ['none', 'x'],
  ])('field 03: UIDVALIDITY %s: each mail once', async (_, value) => {
    const at = await box(2)
    at.lie({ lie: 'uid-validity', value })
    await at.poll()
    at.deliver(3)
    await at.polls(2)
    expect(at.told()).toEqual(ids(1, 2, 3))
    expect(await at.poll()).toMatchObject({ outcome: 'idle' })
  })

  test('field 03: a SEARCH that leaves one out: FETCH of the range names it', async () => {
    const at = await box(1)
    await at.poll()
    for (const n of [2, 3, 4]) at.deliver(n)
    at.lie({ lie: 'search', omit: [3], times: 1 })
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2, 3, 4))
  })

  test('field 03: an empty SEARCH of a folder that is not empty is asked again with FETCH (RFC 3501 6.4.8)', async () => {
    const at = await box(1)
    await at.poll()
    at.deliver(2)
    at.lie({ lie: 'search', omit: [1, 2] })
    await at.poll()
    expect(at.told()).toEqual(ids(1, 2))
  })

  test('field 03: a SEARCH that names the highest number there is does not end receiving', async () => {
    const at = await box(2)
    at.lie({ lie: 'search', add: [4294967294] })
    await at.polls(2)
    server.control.lies.clear()
    at.deliver(3)
    await at.polls(2)
    expect(at.told()).toEqual(ids(1, 2, 3))
  })
})

describe('field 05: a date that cannot be says nothing (RFC 3501 2.3.3)', () => {
  test.each([
    ['never set', '"00-Jan-0000 00:00:00 +0000"', '2026-11-23T08:00:00.000Z'],
    ['NIL', 'NIL', '2026-11-23T08:00:00.000Z'],
    ['left out', null, '2026-11-23T08:00:00.000Z'],
    ['1970', '"01-Jan-1970 00:00:00 +0000"', '2026-11-23T08:00:00.000Z'],
    ['far ahead', '"01-Jan-2999 00:00:00 +0000"', '2026-11-23T08:00:00.000Z'],
  ])('field 05: INTERNALDATE %s: the mail is taken, dated by its header', async (_, value, receivedAt) => {
    const at = await box(1)
    at.lie({ lie: 'internal-date', value })
    await at.poll()
    expect(at.told()).toEqual(ids(1))
    expect(await at.list()).toMatchObject([{ receivedAt }])
  })
})

describe('field 06: sizes are hints (RFC 3501 2.3.4)', () => {
  const large = 'x'.repeat(3_000_000)
  test.each([
    ['0', '0'],
    ['left out', null],
    ['too small', '116'],
    ['far too large', '4294967296'],
    ['none', 'x'],
  ])('field 06: RFC822.SIZE %s for 3 MB: it arrives, and the next one', async (_, value) => {
    const at = await box(1)
    at.deliver(2, large)
    at.deliver(3)
    at.lie({ lie: 'size', uid: 2, value })
    await at.polls(2)
    expect(at.told()).toEqual(ids(1, 2, 3))
  })

  test('field 06: 0 for a mail over the limit: listed as too large, and the next one arrives', async () => {
    const at = await box(1, { settings: { maxMailBytes: 1_000_000 } })
    at.deliver(2, large)
    at.deliver(3)
    at.lie({ lie: 'size', uid: 2, value: '0' })
    await at.poll()
    expect(at.told()).toEqual(ids(1, 3))
    expect(await at.notImported()).toMatchObject([{ code: 'mail_too_large' }])
  })
})

describe('field 07: whose fault a refusal is (RFC 5530 3)', () => {
  const temporary = ['UNAVAILABLE', 'INUSE', 'LIMIT', 'SERVERBUG'] as const

  test.each(['AUTHENTICATE', 'SELECT', 'UID SEARCH', 'UID FETCH'])(
    'field 07: codes of a bad moment at %s are temporary, the next poll goes on, and the log has the words as they were said',
    async (at) => {
      for (const code of temporary) {
        const one = await box(1)
        const words = `[${code}] Not just now`
        server.control.faults.order({ at, fault: 'no', text: words })
        expect(await one.poll(), code).toMatchObject({ outcome: 'failed', code: `imap_${code.toLowerCase()}` })
        const [row] = await one.log()
        expect(row).toMatchObject({ class: 'transient', peerLine: expect.stringMatching(/^\d+ NO \[/) })
        expect(String(row!['peerLine'])).toContain(words)
        await one.poll()
        expect(one.told()).toEqual(ids(1))
      }
    },
  )

  test.each([
    ['no', 'System error', 'imap_login_refused', /^\d+ NO System error$/],
    ['no', '', 'imap_login_refused', /^\d+ NO$/],
    ['no', '[AUTHENTICATIONFAILED] Wrong', 'imap_authenticationfailed', /^\d+ NO \[AUTHENTICATIONFAILED\] Wrong$/],
    ['bye', '[UNAVAILABLE] Restarting', 'imap_unavailable', /^\* BYE \[UNAVAILABLE\] Restarting$/],
    ['bye', '', 'imap_bye', /^\* BYE$/],
    ['bye-echo', undefined, 'imap_bye', /^\* BYE Rejected: \d+ AUTHENTICATE PLAIN$/],
  ] as const)(
    'field 07, H8: at the login: %s %s is %s, its words as they were said',
    async (fault, text, code, said) => {
      const at = await box(1)
      server.control.faults.order({ at: 'AUTHENTICATE', fault, ...(text === undefined ? {} : { text }) })
      expect(await at.poll()).toMatchObject({ outcome: 'failed', code })
      expect((await at.log())[0]).toMatchObject({ peerLine: expect.stringMatching(said) })
    },
  )

  test('field 07: a mail that is refused permanently while its folder is open blocks nobody', async () => {
    for (const code of ['NOPERM', 'CORRUPTION', 'CONTACTADMIN', 'AUTHENTICATIONFAILED']) {
      const at = await box(3)
      at.lie({ lie: 'row', uid: 2, how: 'no', of: 'body', text: `[${code}] This one is not for you` })
      await at.polls(7)
      expect(at.told(), code).toEqual(ids(1, 3))
      expect(await at.notImported()).toMatchObject([{ code: 'mail_not_given' }])
    }
  })

  test.each(['AUTHENTICATE', 'SELECT', 'UID SEARCH', 'UID FETCH', 'FETCH body'])(
    'H8: a BYE at %s is a BYE and no fault of ours, whatever it repeats and whatever comes after it',
    async (at) => {
      for (const fault of ['bye', 'bye-echo'] as const) {
        const one = await box(1)
        server.control.faults.order({ at, fault })
        expect(await one.poll(), fault).toMatchObject({ outcome: 'failed', code: 'imap_bye' })
      }
      if (at === 'FETCH body') return
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

describe('H1: one mail of the first chunk whose fetch breaks the connection', () => {
  test.each(['close', 'reset', 'bye', 'hang', 'huge-literal', 'endless-untagged', 'endless-line'] as const)(
    'H1: %s at the bytes of one mail: the others arrive, it is set aside with its reason',
    async (fault) => {
      const at = await box(6)
      at.fail({ at: 'FETCH body', uid: 3, fault, times: 99 })
      await at.polls(8)
      expect(at.told()).toEqual(ids(1, 2, 4, 5, 6))
      expect(await at.notImported()).toMatchObject([{ attempts: 5, state: 'quarantined' }])
    },
  )

  test('H1: it breaks already where sizes and dates are asked for', async () => {
    const at = await box(4)
    at.fail({ at: 'FETCH row', uid: 3, fault: 'close', times: 99 })
    await at.polls(8)
    expect(at.told()).toEqual(ids(1, 2, 4))
    expect(await at.notImported()).toHaveLength(1)
  })
})
