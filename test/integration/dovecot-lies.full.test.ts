/**
 * Lies of field 01, 02 and 03 laid over the bytes of a real Dovecot by a recording proxy: whatever the client is
 * told, every mail that Dovecot holds is told once, listed with its reason, or logged as gone.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../lib/transports/imap-receiver.js'
import { dovecotAvailable } from '../support/mail-servers/dovecot.js'
import {
  type ImapProxy,
  type ProxyRule,
  type ServerAnswer,
  startImapProxy,
} from '../support/mail-servers/imap-proxy.js'
import { pollHarness } from '../support/receive/poll-harness.js'
import { type DovecotWorld, dovecotWorld } from '../support/receiver-subjects.js'

const named = (subject: string | number, body = `This is ${subject}.`): string =>
  `From: kim@example.com\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\n\r\n${body}\r\n`
const ids = (...subjects: (string | number)[]) => subjects.map((subject) => `<${subject}@x>`)

/** The row of this mail, of one that brings bytes or of one that does not; Dovecot names the UID first. */
function row(
  uid: number,
  of: 'body' | 'description',
  change: (text: string) => ReturnType<ProxyRule>,
  times = 99,
): ProxyRule {
  let left = times
  return ({ text }) => {
    const said = new RegExp(`^\\* \\d+ FETCH \\(UID ${uid} ([^\\r]*)`).exec(text)
    if (!said || /BODY\[\]/.test(said[1]!) !== (of === 'body') || left-- <= 0) return undefined
    return change(text)
  }
}
const line = (about: RegExp, change: (text: string) => string): ProxyRule => {
  return ({ text }) => (about.test(text) ? [change(text)] : undefined)
}
/** The numbers of each SEARCH, changed. */
const search = (change: (numbers: string[]) => string[], times = 99): ProxyRule => {
  let left = times
  return ({ text }) => {
    const said = /^\* SEARCH([ \d]*)\r\n$/.exec(text)
    if (!said || left-- <= 0) return undefined
    return [`* ${['SEARCH', ...change(said[1]!.split(' ').filter(Boolean))].join(' ')}\r\n`]
  }
}
const nil = (text: string, value = 'NIL'): string =>
  text.replace(/BODY\[\](<0>)? \{\d+\}[\s\S]*$/, `BODY[]$1 ${value})\r\n`)
const exists = (count: number): ProxyRule => line(/^\* \d+ EXISTS/, () => `* ${count} EXISTS\r\n`)
const dated = (date: string): ProxyRule =>
  line(/^\* 2 FETCH .*INTERNALDATE/, (text) => text.replace(/INTERNALDATE "[^"]*"/, `INTERNALDATE ${date}`))
const isEndOf = (command: string, answer: ServerAnswer): boolean =>
  answer.command.includes(command) && /^\w+ OK /.test(answer.text) && !answer.text.startsWith('*')

const suite = () => {
  let world: DovecotWorld
  beforeAll(async () => {
    world = await dovecotWorld('password', 'implicit')
  })
  afterAll(() => world?.stop())

  /** A mailbox of Dovecot's with five mails, UIDs 1 to 5, the proxy before it, and the flow that polls through it. */
  async function proxied<T>(run: (at: Awaited<ReturnType<typeof prepare>>) => Promise<T>): Promise<T> {
    const at = await prepare()
    try {
      return await run(at)
    } finally {
      await at.proxy.stop()
    }
  }

  async function prepare() {
    const box = await world.newMailbox()
    const proxy: ImapProxy = await startImapProxy({ port: world.imapsPort, ca: world.ca })
    const receiver = imapReceiver({
      lookup: guardedLookup({ allowLoopback: true }),
      // What this is about must not depend on how busy the machine is.
      timeoutsMs: { connect: 60_000, command: 60_000, session: 240_000 },
    })
    const imap = { host: 'localhost', port: proxy.port, tls: 'plain', folder: 'INBOX' } as const
    const subject = { ...box, receiver, receive: { transport: 'imap', imap } as const }
    const flow = await pollHarness(subject)
    const deliver = (name: string | number, body?: string) => box.deliver(named(name, body))
    const five = [1, 2, 3, 4, 5].map((n) => named(n, n === 4 ? 'x'.repeat(1_000_000) : undefined))
    await world.deliverAll(box.address, five)
    return {
      ...flow,
      box,
      proxy,
      deliver,
      polls: async (times: number) => {
        for (let poll = 0; poll < times; poll++) await flow.poll()
      },
      validities: () => new Set(proxy.record.flatMap(({ text }) => /UIDVALIDITY (\d+)/.exec(text)?.[1] ?? [])),
      fetches: () => proxy.record.filter(({ from, text }) => from === 'client' && /FETCH/.test(text)),
    }
  }

  test('the proxy changes nothing by itself, and has recorded what passed', () =>
    proxied(async (at) => {
      await at.poll()
      expect(at.told()).toEqual(ids(1, 2, 3, 4, 5))
      expect(at.proxy.record.some(({ from, text }) => from === 'server' && /^\* OK .*Dovecot/.test(text))).toBe(true)
      expect(at.proxy.record.some(({ text }) => /^\* 2 FETCH \(UID 2 .*BODY\[\]/.test(text))).toBe(true)
    }))

  describe.concurrent('lies that cost nothing: each mail is told in the same poll', () => {
    const flags = '* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n'
    let held: string[] = []
    test.each<[string, () => ProxyRule]>([
      ['field 01: another client’s flags before the row', () => row(2, 'body', (text) => [flags, text])],
      ['field 01: another client’s flags after the row', () => row(2, 'body', (text) => [text, flags])],
      ['field 01: another client’s flags among the sizes', () => row(2, 'description', (text) => [text, flags])],
      [
        'field 01: another client’s flags at the end',
        () => (answer) => (isEndOf('UID FETCH', answer) ? [flags, answer.text] : undefined),
      ],
      ['field 01: a row twice', () => row(2, 'body', (text) => [text, text])],
      [
        'field 01: rows last first',
        () => {
          held = []
          return (answer) => {
            if (/^\* \d+ FETCH /.test(answer.text)) {
              held.unshift(answer.text)
              return []
            }
            return isEndOf('UID FETCH', answer) ? [...held.splice(0), answer.text] : undefined
          }
        },
      ],
      ['field 02: a row left out once', () => row(2, 'body', () => [], 1)],
      ['field 02: a row without UID once', () => row(2, 'body', (text) => [text.replace('UID 2 ', '')], 1)],
      ['field 02: left out where sizes are asked for', () => row(2, 'description', () => [])],
      ['field 02: an end left out there too', () => row(5, 'description', () => [])],
      ['field 03: UIDNEXT 1', () => line(/UIDNEXT/, (text) => text.replace(/UIDNEXT \d+/, 'UIDNEXT 1'))],
      [
        'field 03: UIDNEXT missing',
        () =>
          ({ text }) =>
            text.includes('UIDNEXT') ? [] : undefined,
      ],
      ['field 03: EXISTS too high', () => exists(4_000)],
      ['field 03: EXISTS too low', () => exists(1)],
      ['field 03: EXISTS 0', () => exists(0)],
      ['field 03: a SEARCH that leaves one out', () => search((numbers) => numbers.filter((uid) => uid !== '3'))],
      ['field 03: a SEARCH that names one too many, once', () => search((numbers) => [...numbers, '77'], 1)],
      ['field 03: a SEARCH with each number twice', () => search((numbers) => [...numbers, ...numbers])],
      ['field 03: a SEARCH last first', () => search((numbers) => numbers.reverse())],
      ['field 05: INTERNALDATE that is none', () => dated('"00-Jan-0000 00:00:00 +0000"')],
      ['field 05: INTERNALDATE of 1900', () => dated('"01-Jan-1900 00:00:00 +0000"')],
      ['field 05: INTERNALDATE far ahead', () => dated('"01-Jan-2999 00:00:00 +0000"')],
      ['field 05: INTERNALDATE NIL', () => dated('NIL')],
      [
        'field 06: RFC822.SIZE 0 for every mail',
        () => line(/RFC822\.SIZE/, (text) => text.replace(/RFC822\.SIZE \d+/, 'RFC822.SIZE 0')),
      ],
      [
        'field 06: RFC822.SIZE 0 for a large one',
        () => row(4, 'description', (text) => [text.replace(/RFC822\.SIZE \d+/, 'RFC822.SIZE 0')]),
      ],
      ['field 02: the body NIL once', () => row(2, 'body', (text) => [nil(text)], 1)],
      ['field 02: an empty body once', () => row(2, 'body', (text) => [nil(text, '{0}\r\n')], 1)],
      ['H5: the UID of another mail once', () => row(2, 'body', (text) => [text.replace('UID 2 ', 'UID 3 ')], 1)],
      ['H5: the UID of no mail once', () => row(2, 'body', (text) => [text.replace('UID 2 ', 'UID 99 ')], 1)],
    ])('%s', (_, rule) =>
      proxied(async (at) => {
        at.proxy.lie(rule())
        await at.poll()
        expect(at.told()).toEqual(ids(1, 2, 3, 4, 5))
        await at.deliver(6)
        await at.polls(2)
        expect(at.told()).toEqual(ids(1, 2, 3, 4, 5, 6))
        expect(await at.notImported()).toEqual([])
      }),
    )
  })

  describe.concurrent('lies without end about one mail: the others are told, it is set aside with its reason', () => {
    test.each<[string, () => ProxyRule]>([
      ['field 02: its body NIL', () => row(2, 'body', (text) => [nil(text)])],
      ['H5: always under the UID of another mail', () => row(2, 'body', (text) => [text.replace('UID 2 ', 'UID 3 ')])],
      ['H1: cut in the middle of its literal', () => row(2, 'body', (text) => ({ cutAfter: text.indexOf('}') + 20 }))],
      ['H1: cut before the last byte of a large one', () => row(4, 'body', (text) => ({ cutAfter: text.length - 4 }))],
    ])('%s', (_, rule) =>
      proxied(async (at) => {
        at.proxy.lie(rule())
        await at.polls(8)
        const others = at.told()
        expect(others).toHaveLength(4)
        expect(await at.notImported()).toMatchObject([{ attempts: 5 }])
        await at.deliver(6)
        await at.poll()
        expect(at.told()).toEqual([...others, ...ids(6)])
      }),
    )

    test('H1: cut once in the middle of a literal: every mail is told', () =>
      proxied(async (at) => {
        at.proxy.lie(row(3, 'body', (text) => ({ cutAfter: text.indexOf('}') + 20 }), 1))
        await at.polls(3)
        expect(at.told().sort()).toEqual(ids(1, 2, 3, 4, 5))
        expect(await at.notImported()).toEqual([])
      }))
  })

  test('field 03: an older copy of the mailbox is restored, UIDVALIDITY stands and UIDs go back: nothing is lost or twice', () =>
    proxied(async (at) => {
      const restore = await world.backUp(at.box.address)
      await at.poll()
      for (const n of [6, 7, 8]) await at.deliver(n)
      await at.poll()
      const validity = at.validities()
      await restore()
      for (const n of [9, 10]) await at.deliver(n)
      await at.polls(2)
      expect(at.told()).toEqual(ids(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
      // It is that lie, and no new numbering that says so.
      expect(validity.size).toBe(1)
      expect(at.validities()).toEqual(validity)
      await at.deliver(11)
      await at.poll()
      expect(at.told()).toHaveLength(11)
      expect(await at.poll()).toMatchObject({ outcome: 'idle' })
    }))

  test('field 03: UIDs are counted from 1 again under the same UIDVALIDITY: nothing is lost or twice', () =>
    proxied(async (at) => {
      await at.poll()
      for (const n of [1, 2, 3]) await at.box.remove(String(n))
      await world.rewindUids(at.box.address)
      await at.deliver(6)
      await at.polls(2)
      expect(at.told()).toEqual(ids(1, 2, 3, 4, 5, 6))
      expect(at.validities().size).toBe(1)
    }))
}

if (dovecotAvailable()) describe('lies over a real Dovecot', suite)
else
  test('Dovecot is not installed, which was announced on standard error', () => expect(dovecotAvailable()).toBe(false))
