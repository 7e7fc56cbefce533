/**
 * Lies of field 01, 02 and 03 laid over the bytes of a real Dovecot by a recording proxy: whatever the client is
 * told, every mail that Dovecot holds is told once, listed with its reason, or logged as gone.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../lib/transports/imap-receiver.js'
import { dovecotAvailable } from '../support/dovecot.js'
import { type ImapProxy, type ProxyRule, type ServerAnswer, startImapProxy } from '../support/imap-proxy.js'
import { pollHarness } from '../support/poll-harness.js'
import { type DovecotWorld, dovecotWorld } from '../support/receiver-subjects.js'

const named = (subject: string | number, body = `This is ${subject}.`): string =>
  `From: kim@example.com\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\n\r\n${body}\r\n`
const ids = (...subjects: (string | number)[]) => subjects.map((subject) => `<${subject}@x>`)

/** The row of this mail, of one that brings bytes or of one that does not; Dovecot names the UID first. */
function row(
  uid: number,
  of: 'body' | 'description',
  change: (text: string) => string[] | 'cut',
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
      timeoutsMs: { connect: 10_000, command: 10_000, session: 30_000 },
    })
    const imap = { host: 'localhost', port: proxy.port, tls: 'plain', folder: 'INBOX' } as const
    const subject = { ...box, receiver, receive: { transport: 'imap', imap } as const }
    const flow = await pollHarness(subject)
    const deliver = (name: string | number, body?: string) => box.deliver(named(name, body))
    for (let n = 1; n <= 5; n++) await deliver(n, n === 4 ? 'x'.repeat(1_000_000) : undefined)
    return {
      ...flow,
      box,
      proxy,
      deliver,
      polls: async (times: number) => {
        for (let poll = 0; poll < times; poll++) await flow.poll()
      },
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

  describe('lies that cost nothing: each mail is told in the same poll', () => {
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
}

if (dovecotAvailable()) describe('lies over a real Dovecot', suite)
else
  test('Dovecot is not installed, which was announced on standard error', () => expect(dovecotAvailable()).toBe(false))
