/** How a real Dovecot is made to tell each lie: by a relay that changes its bytes, and by what is done to its files. */
import { guardedLookup } from '../../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../../lib/transports/imap-receiver.js'
import { type ImapProxy, type ProxyRule, startImapProxy } from '../mail-servers/imap-proxy.js'
import type { LyingMailbox, LyingWorld, ReceiverLies, Way } from './receiver-lies.js'
import { dovecotWorld } from './receiver-subjects.js'

interface Mailbox extends LyingMailbox {
  proxy: ImapProxy
  /** As the relay sees them: UIDs begin at 1. */
  uidOf(subject: string): number
  rewind(first: number): Promise<void>
  /** A copy of the mailbox as it is; call the result to restore it. */
  backUp(): Promise<() => Promise<void>>
}

export interface DovecotLyingWorld extends LyingWorld {
  newMailbox(): Promise<Mailbox>
}

export async function dovecotLyingWorld(): Promise<DovecotLyingWorld> {
  const world = await dovecotWorld('password', 'implicit')
  const receiver = imapReceiver({
    lookup: guardedLookup({ allowLoopback: true }),
    // What this is about must not depend on how busy the machine is.
    timeoutsMs: { connect: 60_000, command: 60_000, session: 240_000 },
  })
  return {
    async newMailbox(): Promise<Mailbox> {
      const box = await world.newMailbox()
      const proxy = await startImapProxy({ port: world.imapsPort, ca: world.ca })
      const subjects: string[] = []
      return {
        ...box,
        receiver,
        receive: {
          transport: 'imap',
          imap: { host: 'localhost', port: proxy.port, tls: 'plain', folder: 'INBOX' },
        },
        async deliver(raw, receivedAt) {
          subjects.push(/^Subject: (.*)\r$/m.exec(String(raw))?.[1] ?? '')
          await box.deliver(raw, receivedAt)
        },
        proxy,
        uidOf: (subject) => subjects.indexOf(subject) + 1,
        rewind: (first) => world.rewindUids(box.address, first),
        backUp: () => world.backUp(box.address),
        behave: () => proxy.behave(),
        bytesAsked: () =>
          proxy.record.filter(({ from, text }) => from === 'client' && /FETCH .*BODY/.test(text)).length,
        stop: () => proxy.stop(),
      }
    },
    lies,
    stop: () => world.stop(),
  }
}

const forEver = Number.POSITIVE_INFINITY
const rule = (name: string, rule: (uid: number) => ProxyRule, found?: object): Way => [
  name,
  (box, subject) => {
    const { proxy, uidOf } = box as Mailbox
    proxy.lie(rule(uidOf(subject)))
  },
  ...(found === undefined ? ([] as const) : ([found] as const)),
]

/** The row of this mail, of one that brings bytes or of one that does not; Dovecot names the UID first. */
function row(
  uid: number,
  of: 'body' | 'description',
  change: (text: string) => ReturnType<ProxyRule>,
  times = forEver,
): ProxyRule {
  let left = times
  return ({ text }) => {
    const said = new RegExp(`^\\* \\d+ FETCH \\(UID ${uid} ([^\\r]*)`).exec(text)
    if (!said || /BODY\[\]/.test(said[1]!) !== (of === 'body') || left-- <= 0) return undefined
    return change(text)
  }
}
const line =
  (about: RegExp, change: (text: string) => string): ProxyRule =>
  ({ text }) =>
    about.test(text) ? [change(text)] : undefined
/** The numbers of each SEARCH, changed. */
const search = (change: (numbers: string[]) => string[], times = forEver): ProxyRule => {
  let left = times
  return ({ text }) => {
    const said = /^\* SEARCH([ \d]*)\r\n$/.exec(text)
    if (!said || left-- <= 0) return undefined
    return [`* ${['SEARCH', ...change(said[1]!.split(' ').filter(Boolean))].join(' ')}\r\n`]
  }
}
/** Instead of the OK that ends this command. */
const refusal = (command: RegExp, words: string, times = forEver): ProxyRule => {
  let left = times
  return (answer) => {
    const [, tag] = /^(\w+) OK /.exec(answer.text) ?? []
    if (tag === undefined || !command.test(answer.command) || left-- <= 0) return undefined
    return [`${tag} NO ${words}\r\n`]
  }
}
const atTheEnd = (added: string): ProxyRule => {
  return ({ text, command }) => (command.includes('UID FETCH') && /^\w+ OK /.test(text) ? [added, text] : undefined)
}
const lastFirst = (): ProxyRule => {
  const held: string[] = []
  return ({ text, command }) => {
    if (/^\* \d+ FETCH /.test(text)) {
      held.unshift(text)
      return []
    }
    return command.includes('UID FETCH') && /^\w+ OK /.test(text) ? [...held.splice(0), text] : undefined
  }
}
const nil = (text: string, value = 'NIL'): string =>
  text.replace(/BODY\[\](<0>)? \{\d+\}[\s\S]*$/, `BODY[]$1 ${value})\r\n`)
const sequenceOf = (text: string): string => /^\* (\d+)/.exec(text)?.[1] ?? '1'
const flagsOf = (text: string, uid: number): string => `* ${sequenceOf(text)} FETCH (UID ${uid} FLAGS (\\Seen))\r\n`
const sized = (text: string): string => text.replace(/RFC822\.SIZE \d+/, 'RFC822.SIZE 0')

const lies: ReceiverLies = {
  'says more than it was asked': [
    rule('flags before the row', (uid) => row(uid, 'body', (text) => [flagsOf(text, uid), text])),
    rule('flags after the row', (uid) => row(uid, 'body', (text) => [text, flagsOf(text, uid)])),
    rule('flags among the sizes', (uid) => row(uid, 'description', (text) => [text, flagsOf(text, uid)])),
    rule('flags at the end', (uid) => atTheEnd(`* ${uid} FETCH (UID ${uid} FLAGS (\\Seen))\r\n`)),
  ],
  'says it twice': [
    rule('a row', (uid) => row(uid, 'body', (text) => [text, text])),
    rule('each number', () => search((numbers) => [...numbers, ...numbers])),
  ],
  'says it last first': [rule('rows', lastFirst), rule('numbers', () => search((numbers) => numbers.reverse()))],
  'lists fewer mails than there are': [
    rule('a number left out', (uid) => search((numbers) => numbers.filter((number) => number !== `${uid}`))),
    rule('a row left out among the sizes', (uid) => row(uid, 'description', () => [])),
    rule('the last row there', (uid) => row(uid + 1, 'description', () => [])),
  ],
  'lists a mail that is not there, once': [rule('a later number', () => search((numbers) => [...numbers, '77'], 1))],
  'lists numbers that no mail has': [
    rule('the highest there is', () => search((numbers) => [...numbers, '4294967294'])),
  ],
  'says a mail is gone that is there': [
    rule('EXPUNGE', (uid) => row(uid, 'body', (text) => ['* 1 EXPUNGE\r\n', text], 1)),
  ],
  'lists a mail and does not give it, once': [
    rule('a row left out', (uid) => row(uid, 'body', () => [], 1)),
    rule('a row without UID', (uid) => row(uid, 'body', (text) => [text.replace(`UID ${uid} `, '')], 1)),
    rule('NIL', (uid) => row(uid, 'body', (text) => [nil(text)], 1)),
    rule('no bytes', (uid) => row(uid, 'body', (text) => [nil(text, '{0}\r\n')], 1)),
  ],
  'lists a mail and never gives it': [
    rule('NIL', (uid) => row(uid, 'body', (text) => [nil(text)]), { attempts: 5 }),
    rule('under another UID', (uid) => row(uid, 'body', (text) => [text.replace(`UID ${uid} `, `UID ${uid + 1} `)]), {
      attempts: 5,
    }),
  ],
  'gives another mail in its place, once': [
    rule('the UID of the next', (uid) =>
      row(uid, 'body', (text) => [text.replace(`UID ${uid} `, `UID ${uid + 1} `)], 1),
    ),
    rule('the UID of no mail', (uid) => row(uid, 'body', (text) => [text.replace(`UID ${uid} `, 'UID 99 ')], 1)),
  ],
  'gives an error page in its place, once': { cannot: 'what comes in a literal of IMAP is the mail, whatever it says' },
  'gives half a mail and is gone, once': [
    rule('in its literal', (uid) => row(uid, 'body', (text) => ({ cutAfter: text.indexOf('}') + 20 }), 1)),
  ],
  'gives half a mail and is gone, for ever': [
    rule('in its literal', (uid) => row(uid, 'body', (text) => ({ cutAfter: text.indexOf('}') + 20 })), {
      attempts: 5,
    }),
    rule('before its last byte', (uid) => row(uid, 'body', (text) => ({ cutAfter: text.length - 4 })), { attempts: 5 }),
  ],
  'breaks or floods the line at one mail, for ever': [
    rule('broken', (uid) => row(uid, 'body', () => 'cut'), { attempts: 5 }),
  ],
  'gives dates that cannot be': [
    '"00-Jan-0000 00:00:00 +0000"',
    '"01-Jan-1900 00:00:00 +0000"',
    '"01-Jan-2999 00:00:00 +0000"',
    'NIL',
  ].map((date) =>
    rule(date, (uid) =>
      row(uid, 'description', (text) => [text.replace(/INTERNALDATE "[^"]*"/, `INTERNALDATE ${date}`)]),
    ),
  ),
  'gives sizes that cannot be': [
    rule('0 for every mail', () => line(/RFC822\.SIZE/, sized)),
    rule('0 for the large one', (uid) => row(uid, 'description', (text) => [sized(text)])),
  ],
  'gives counts that cannot be': [4_000, 1, 0].map((count) =>
    rule(`${count} EXISTS`, () => line(/^\* \d+ EXISTS/, () => `* ${count} EXISTS\r\n`)),
  ),
  'says where its folder ends, and it does not': [
    rule('UIDNEXT 1', () => line(/UIDNEXT/, (text) => text.replace(/UIDNEXT \d+/, 'UIDNEXT 1'))),
    rule(
      'no UIDNEXT',
      () =>
        ({ text }) =>
          text.includes('UIDNEXT') ? [] : undefined,
    ),
  ],
  'gives its numbers anew and keeps silent about it': [
    ['UIDs under the same UIDVALIDITY', (box, subject) => (box as Mailbox).rewind(subject === 'liar-1' ? 101 : 1)],
  ],
  'gives its numbers anew in each session': [
    rule('another UIDVALIDITY', () => {
      let validity = 1_000
      return line(/UIDVALIDITY \d+/, (text) => text.replace(/UIDVALIDITY \d+/, () => `UIDVALIDITY ${++validity}`))
    }),
  ],
  'refuses the state it gave, once': [['a new UIDVALIDITY', (box) => box.loseIds()]],
  'has a bad moment': ['UNAVAILABLE', 'SERVERBUG'].flatMap((code) =>
    [/^\w+ (SELECT|EXAMINE)/, /UID SEARCH/, /UID FETCH/].map((command) =>
      rule(`${code} at ${command}`, () => refusal(command, `[${code}] Not just now`, 1), {
        code: `imap_${code.toLowerCase()}`,
      }),
    ),
  ),
  'never comes to an end': { cannot: 'the relay changes answers that have an end' },
  'refuses to change a mail': ['[NOPERM] Permission denied', '[UNAVAILABLE] Not just now'].map((words) =>
    rule(words, () => refusal(/UID STORE/, words)),
  ),
}
