/**
 * The balance of receiving under any mix of lies, faults and deaths: what a server held was told once, is listed with its
 * reason, or has left. A story that fails is printed with its seed and shrunk; `BALANCE_SEED` plays one again.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { receivedId } from '../../lib/rows/received.js'
import { Secret } from '../../lib/secret.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../lib/transports/imap-receiver.js'
import type { ImapFault } from '../../local/emulators/imap/imap-faults.js'
import type { ImapLie } from '../../local/emulators/imap/imap-lies.js'
import { type ImapEmulator, startImap } from '../../local/emulators/imap/start-imap.js'
import { anyStory, type BalanceSubject, playStory } from '../support/receive/receive-balance.js'

const password = 'correct-horse'
/** Where UIDs begin: each restore goes back to an older copy, with lower ones, and a new UIDVALIDITY begins anew. */
const firsts = [1001, 501, 1] as const
let server: ImapEmulator
beforeAll(async () => {
  server = await startImap({ accounts: () => ({ password }), mode: 'plain' })
})
afterAll(() => server.stop())

type Mischief =
  | { kind: 'lie'; lie: ImapLie }
  | { kind: 'fault'; fault: ImapFault }
  /** Any number of times, but never twice to the same numbers: that cannot be told from no restore by numbers alone. */
  | { kind: 'renumber'; rewind: boolean }

// A mail that neither SEARCH nor FETCH names is not there for anybody: the two never deny the same one.
const uidIn = (from: number, to: number) =>
  fc.oneof(...firsts.map((first) => fc.integer({ min: first + from, max: first + to })))
const describedUid = uidIn(0, 2)
const searchedUid = uidIn(3, 6)
const uid = uidIn(0, 6)
const times = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant(1_000))
const number = fc.constantFrom(null, '0', '1', '3', '503', '1001', '1003', '4294967295', 'x')
const lie: fc.Arbitrary<ImapLie> = fc.oneof(
  fc.record({ lie: fc.constantFrom('uid-next' as const, 'exists' as const), value: number, times }),
  fc.record({ lie: fc.constant('size' as const), value: number, times, uid }),
  fc.record({
    lie: fc.constant('internal-date' as const),
    value: fc.constantFrom(null, 'NIL', '"00-Jan-0000 00:00:00 +0000"', '"01-Jan-2999 00:00:00 +0000"'),
    times,
    uid,
  }),
  fc.record({
    lie: fc.constant('row' as const),
    how: fc.constantFrom('left-out', 'no-uid', 'nil', 'empty', 'other-uid', 'twice', 'garbage', 'no'),
    of: fc.constant('body' as const),
    as: uid,
    times,
    uid,
  }),
  fc.record({
    lie: fc.constant('row' as const),
    how: fc.constantFrom('left-out', 'no-uid', 'other-uid', 'twice', 'garbage', 'no'),
    of: fc.constant('description' as const),
    as: uid,
    times,
    uid: describedUid,
  }),
  fc.record({ lie: fc.constant('reversed' as const), times }),
  fc.record({
    lie: fc.constant('flags' as const),
    where: fc.constantFrom('before' as const, 'after' as const, 'last' as const),
    bare: fc.boolean(),
    times,
    uid,
  }),
  fc.record({
    lie: fc.constant('search' as const),
    add: fc.array(uid, { maxLength: 2 }),
    omit: fc.array(searchedUid),
    times,
  }),
) as fc.Arbitrary<ImapLie>
const fault: fc.Arbitrary<ImapFault> = fc.record({
  at: fc.constantFrom('AUTHENTICATE', 'SELECT', 'UID SEARCH', 'UID FETCH', 'FETCH row', 'FETCH body', 'FETCH data'),
  fault: fc.constantFrom('close', 'reset', 'bye', 'no', 'bad'),
  times,
  uid,
}) as fc.Arbitrary<ImapFault>
const mischief: fc.Arbitrary<Mischief> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('lie' as const), lie }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('fault' as const), fault }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('renumber' as const), rewind: fc.boolean() }) },
)

let boxes = 0
function imapSubject(): BalanceSubject<Mischief> {
  const user = `story${++boxes}@contoso.example`
  const folder = server.store.folder(user, 'INBOX')!
  folder.uidNext = firsts[0]
  let copy = 0
  const numbers = new Map<string, Set<string>>()
  const messageIdOf = (raw: Buffer): string => /^Message-ID: (.*)\r$/m.exec(raw.toString())?.[1] ?? ''
  const noteNumbers = (): void => {
    for (const { raw, uid: number } of folder.messages) {
      const known = numbers.get(messageIdOf(raw)) ?? new Set<string>()
      for (const rewinds of ['', '~1', '~2', '~3', '~4', '~5', '~6', '~7', '~8', '~9'])
        known.add(receivedId(`${folder.uidValidity}${rewinds}.${number}`))
      numbers.set(messageIdOf(raw), known)
    }
  }
  return {
    address: user,
    receiver: imapReceiver({ lookup: guardedLookup({ allowLoopback: true }) }),
    authority: { kind: 'password', user, password: new Secret(password) },
    receive: {
      transport: 'imap',
      imap: { host: 'localhost', port: server.port, tls: 'plain', folder: 'INBOX' },
    },
    deliver(messageId) {
      server.deliver(
        user,
        `From: a@b.example\r\nMessage-ID: ${messageId}\r\nSubject: x\r\n\r\nbody of ${messageId}\r\n`,
      )
      noteNumbers()
    },
    remove(messageId) {
      server.store.remove(
        user,
        folder,
        folder.messages.filter(({ raw }) => messageIdOf(raw) === messageId),
      )
    },
    misbehave(what) {
      if (what.kind === 'lie') server.control.lies.order({ ...what.lie, user })
      else if (what.kind === 'fault')
        server.control.faults.order({ ...what.fault, ...(what.fault.at === 'AUTHENTICATE' ? {} : { user }) })
      else if (!what.rewind || copy < firsts.length - 1) {
        copy = what.rewind ? copy + 1 : 0
        if (what.rewind) server.store.rewindUids(user, folder, firsts[copy])
        else server.store.flipUidValidity(user, folder, firsts[copy])
        noteNumbers()
      }
    },
    behave: () => server.control.behave(),
    receivedIds: (messageId) => [...(numbers.get(messageId) ?? [])],
  }
}

const seed = process.env['BALANCE_SEED'] === undefined ? {} : { seed: Number(process.env['BALANCE_SEED']) }

test('M-110, field 01 to 07, H1, H5: over IMAP the balance holds under any mix of lies, faults, deaths and restores', async () => {
  await fc.assert(
    fc.asyncProperty(anyStory(mischief), async (story) => {
      expect(await playStory(imapSubject(), story)).toEqual({ lost: [], twice: [], invented: [] })
    }),
    { numRuns: Number(process.env['BALANCE_RUNS'] ?? 60), ...seed },
  )
})
