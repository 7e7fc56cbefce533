/** How the IMAP emulator tells each lie. Each mailbox has a server of its own, because greetings and logins lie too. */
import { expect } from 'vitest'
import type { ImapFault } from '../../../local/emulators/imap/imap-faults.js'
import type { ImapLie } from '../../../local/emulators/imap/imap-lies.js'
import { type ImapEmulator, startImap } from '../../../local/emulators/imap/start-imap.js'
import type { LyingMailbox, LyingWorld, ReceiverLies, Way } from './receiver-lies.js'
import { imapMailbox, password } from './receiver-subjects.js'

interface Mailbox extends LyingMailbox {
  server: ImapEmulator
  uidOf(subject: string): number
}

/** Where UIDs begin: each restore goes back to an older copy, with lower ones. */
const firsts = [1001, 501, 1]

export async function imapLyingWorld(): Promise<LyingWorld> {
  return {
    async newMailbox(): Promise<Mailbox> {
      const server = await startImap({ accounts: () => ({ password }), mode: 'plain' })
      const mailbox = imapMailbox(server, { login: 'password', tls: 'plain' })
      server.store.folder(mailbox.address, 'INBOX')!.uidNext = firsts[0]!
      return {
        ...mailbox,
        server,
        behave: () => server.control.behave(),
        bytesAsked: () => server.counts.bodies,
        stop: () => server.stop(),
      }
    },
    lies,
    async stop() {},
  }
}

type Order<T> = T extends unknown ? Omit<T, 'user' | 'uid'> : never

const tell = (name: string, order: (mailbox: Mailbox, uid: number) => ImapLie, found?: object): Way => [
  name,
  (box, subject) => {
    const mailbox = box as Mailbox
    mailbox.server.control.lies.order(order(mailbox, mailbox.uidOf(subject)))
  },
  ...(found === undefined ? ([] as const) : ([found] as const)),
]
const ofMail = (name: string, order: Order<ImapLie>, found?: object): Way =>
  tell(name, (_, uid) => ({ ...order, uid }) as ImapLie, found)
const ofFolder = (name: string, order: Order<ImapLie>): Way => tell(name, () => order as ImapLie)
const ofRow = (how: Extract<ImapLie, { lie: 'row' }>['how'], times?: number, found?: object): Way =>
  ofMail(how, { lie: 'row', how, of: 'body', ...(times === undefined ? {} : { times }) } as never, found)
const fault = (name: string, order: ImapFault, found?: object): Way => [
  name,
  (box) => (box as Mailbox).server.control.faults.order(order),
  ...(found === undefined ? ([] as const) : ([found] as const)),
]
const faultOfMail = (order: ImapFault, found: object): Way => [
  `${order.fault} at ${order.at}`,
  (box, subject) => {
    const { server, uidOf } = box as Mailbox
    server.control.faults.order({ ...order, uid: uidOf(subject) })
  },
  found,
  ...(order.fault === 'hang' ? (['hangs'] as const) : ([] as const)),
]

const rows = ['left-out', 'no', 'nil', 'empty', 'garbage', 'no-uid'] as const
const moments = ['INUSE', 'LIMIT', 'SERVERBUG']
const steps = ['AUTHENTICATE', 'SELECT', 'UID SEARCH', 'UID FETCH']
const said = (words: RegExp) => ({ peerLine: expect.stringMatching(words) })

const lies: ReceiverLies = {
  // Another client changes flags meanwhile, and mail arrives (RFC 3501 2.2.2, 5.2, 7.4.2).
  'says more than it was asked': [
    ofMail('flags with UID, at the end', { lie: 'flags', where: 'last' }),
    ofMail('flags with UID, before the literal', { lie: 'flags', where: 'before' }),
    ofMail('flags with UID, after the literal', { lie: 'flags', where: 'after' }),
    tell('flags of a mail told before', ({ uidOf }, uid) => ({
      lie: 'flags',
      uid,
      where: 'before',
      about: uidOf('a'),
    })),
    tell('flags of a mail still to come', ({ uidOf }, about) => ({
      ...{ lie: 'flags', where: 'before', about },
      uid: uidOf(about === uidOf('liar-1') ? 'a' : 'b'),
    })),
    ofMail('flags without UID', { lie: 'flags', where: 'last', bare: true }),
    ofMail('flags with a MODSEQ that is none', { lie: 'flags', where: 'last', modSeq: '(x) ' }),
    ofMail('a mail arrives', { lie: 'untagged', text: '7 EXISTS' }),
  ],
  'says it twice': [
    ofMail('a row', { lie: 'row', how: 'twice' }),
    tell('a number', (_, uid) => ({ lie: 'search', add: [uid, uid] })),
  ],
  'says it last first': [ofFolder('rows', { lie: 'reversed' })],
  // RFC 3501 6.4.8: FETCH of the range names what SEARCH leaves out.
  'lists fewer mails than there are': [
    tell('one is left out', (_, uid) => ({ lie: 'search', omit: [uid], times: 1 })),
    tell('all are', ({ uidOf }) => ({
      lie: 'search',
      omit: ['a', 'liar-1', 'z', 'b', 'liar-2', 'y'].map(uidOf),
    })),
    ...rows.map((how) => ofMail(`${how} among sizes and dates`, { lie: 'row', how, of: 'description' })),
    ofMail('another UID among sizes and dates', { lie: 'row', how: 'other-uid', of: 'description' }),
  ],
  'lists a mail that is not there, once': [ofFolder('a later number', { lie: 'search', add: [5_000], times: 1 })],
  'lists numbers that no mail has': [ofFolder('the highest there is', { lie: 'search', add: [4_294_967_294] })],
  'says a mail is gone that is there': [ofMail('EXPUNGE', { lie: 'untagged', text: '1 EXPUNGE' })],
  'lists a mail and does not give it, once': rows.map((how) => ofRow(how, 1)),
  'lists a mail and never gives it': [
    ofMail(
      'NOPERM',
      { lie: 'row', how: 'no', of: 'body', text: '[NOPERM] This one is not for you' },
      { code: 'mail_not_given', attempts: 5 },
    ),
    ofRow('other-uid', undefined, { attempts: 5 }),
    ...rows.map((how) => ofRow(how, undefined, { attempts: 5 })),
    ofMail(
      'AUTHENTICATIONFAILED',
      { lie: 'row', how: 'no', of: 'body', text: '[AUTHENTICATIONFAILED] This one is not for you' },
      { code: 'mail_not_given', attempts: 5 },
    ),
  ],
  'gives another mail in its place, once': [
    ofRow('other-uid', 1),
    [
      'of the same answer, which is left out itself',
      (box, subject) => {
        const { server, uidOf } = box as Mailbox
        const { lies } = server.control
        const uid = uidOf(subject)
        lies.order({ lie: 'row', uid, how: 'other-uid', as: uid + 1, of: 'body', times: 1 })
        lies.order({ lie: 'row', uid: uid + 1, how: 'left-out', of: 'body', times: 1 })
      },
    ],
  ],
  'gives an error page in its place, once': { cannot: 'what comes in a literal of IMAP is the mail, whatever it says' },
  'gives half a mail and is gone, once': [ofRow('cut', 1)],
  'gives half a mail and is gone, for ever': [ofRow('cut', undefined, { attempts: 5 })],
  'breaks or floods the line at one mail, for ever': [
    // A flood without end takes as long as this process needs to write and read it: imap-receiver-security.test.ts.
    ...(['close', 'reset', 'bye', 'hang', 'huge-literal'] as const).map((how) =>
      faultOfMail({ at: 'FETCH body', fault: how, times: 99 }, { attempts: 5 }),
    ),
    faultOfMail({ at: 'FETCH row', fault: 'close', times: 99 }, {}),
  ],
  'gives dates that cannot be': [
    ofFolder('never set', { lie: 'internal-date', value: '"00-Jan-0000 00:00:00 +0000"' }),
    ofFolder('far ahead', { lie: 'internal-date', value: '"01-Jan-2999 00:00:00 +0000"' }),
    ofFolder('1970', { lie: 'internal-date', value: '"01-Jan-1970 00:00:00 +0000"' }),
    ofFolder('NIL', { lie: 'internal-date', value: 'NIL' }),
    ofFolder('left out', { lie: 'internal-date', value: null }),
  ],
  'gives sizes that cannot be': ['0', null, '116', '4294967296', 'x'].map((value) =>
    ofMail(`${value}`, { lie: 'size', value }),
  ),
  'gives counts that cannot be': ['0', '1', '4000000000', null].map((value) =>
    ofFolder(`${value} EXISTS`, { lie: 'exists', value }),
  ),
  'says where its folder ends, and it does not': [
    ...[null, '0', '1', '1004', '4294967295', 'x'].map((value) =>
      ofFolder(`UIDNEXT ${value}`, { lie: 'uid-next', value }),
    ),
    ...[null, 'x'].map((value) => ofFolder(`UIDVALIDITY ${value}`, { lie: 'uid-validity', value })),
  ],
  // RFC 3501 2.3.1.1: UIDs only ever grow. Never twice to the same ones, which nobody could tell.
  'gives its numbers anew and keeps silent about it': [
    [
      'UIDs under the same UIDVALIDITY',
      (box) => {
        const { server, address } = box as Mailbox
        const folder = server.store.folder(address, 'INBOX')!
        const lowest = folder.messages[0]?.uid ?? 0
        server.store.rewindUids(
          address,
          folder,
          firsts.find((first) => first < lowest),
        )
      },
    ],
  ],
  'gives its numbers anew in each session': [ofFolder('UIDNOTSTICKY (RFC 4315 3)', { lie: 'uid-not-sticky' })],
  'refuses the state it gave, once': [['a new UIDVALIDITY', (box) => box.loseIds()]],
  'has a bad moment': [
    fault(
      'a bare NO at the login',
      { at: 'AUTHENTICATE', fault: 'no', text: 'System error' },
      { code: 'imap_login_refused', ...said(/^\d+ NO System error$/) },
    ),
    ...['FETCH body', ...steps].map((at) => fault(`BYE at ${at}`, { at, fault: 'bye' }, { code: 'imap_bye' })),
    ...[...steps.map((at) => ({ at, code: 'UNAVAILABLE' })), ...moments.map((code) => ({ at: 'SELECT', code }))].map(
      ({ at, code }) =>
        fault(
          `${code} at ${at}`,
          { at, fault: 'no', text: `[${code}] Not just now` },
          {
            ...{ code: `imap_${code.toLowerCase()}`, class: 'transient' },
            ...said(new RegExp(`^\\d+ NO \\[${code}\\] Not just now$`)),
          },
        ),
    ),
    fault('BYE with an echo at the login', { at: 'AUTHENTICATE', fault: 'bye-echo' }, { code: 'imap_bye' }),
    fault('BYE with an echo at the bytes', { at: 'FETCH body', fault: 'bye-echo' }, { code: 'imap_bye' }),
    fault(
      'NO without words at the login',
      { at: 'AUTHENTICATE', fault: 'no', text: '' },
      { code: 'imap_login_refused', ...said(/^\d+ NO$/) },
    ),
    fault(
      'a wrong password that is right',
      { at: 'AUTHENTICATE', fault: 'no', text: '[AUTHENTICATIONFAILED] Wrong' },
      { code: 'imap_authenticationfailed', ...said(/^\d+ NO \[AUTHENTICATIONFAILED\] Wrong$/) },
    ),
    fault(
      'BYE with its reason',
      { at: 'AUTHENTICATE', fault: 'bye', text: '[UNAVAILABLE] Restarting' },
      { code: 'imap_unavailable', ...said(/^\* BYE \[UNAVAILABLE\] Restarting$/) },
    ),
    fault(
      'BYE without words',
      { at: 'AUTHENTICATE', fault: 'bye', text: '' },
      { code: 'imap_bye', ...said(/^\* BYE$/) },
    ),
  ],
  'never comes to an end': [
    fault('replies without end at UID SEARCH', { at: 'UID SEARCH', fault: 'endless-untagged', times: 99 }),
    fault('a line without end at UID FETCH', { at: 'UID FETCH', fault: 'endless-line', times: 99 }),
    fault('challenges without end at the login', { at: 'AUTHENTICATE', fault: 'challenges', times: 99 }),
    [
      'hang at SELECT',
      (box) => (box as Mailbox).server.control.faults.order({ at: 'SELECT', fault: 'hang', times: 99 }),
      {},
      'hangs',
    ],
  ],
  'refuses to change a mail': [
    '[READ-ONLY] Folder is open for reading only',
    '[NOPERM] Permission denied',
    '[OVERQUOTA] Quota exceeded',
    'Server Unavailable. 15',
  ].map((text) => fault(text, { at: 'UID STORE', fault: 'no', text, times: 99 })),
}
