/** How SMTP servers tell each lie to those who send; each mail has a server of its own. */
import type { MailState } from '../../../lib/model/mail.js'
import { guardedLookup } from '../../../lib/transports/guarded-lookup.js'
import { smtpSender } from '../../../lib/transports/smtp-sender.js'
import { type ScriptedSmtpOptions, startScriptedSmtp } from '../../../local/emulators/smtp/scripted-smtp.js'
import type { LyingSender, SenderLies, SenderLyingWorld, SenderWay } from './sender-lies.js'
import { smtpSubject } from './sender-subjects.js'

export const smtpLyingWorld = async (): Promise<SenderLyingWorld> => ({ lies, async stop() {} })

const way = (name: string, state: MailState, options: ScriptedSmtpOptions): SenderWay => [
  name,
  () => scripted({ times: 1, ...options }),
  state,
]
const says = (words: string, state: MailState): SenderWay =>
  way(JSON.stringify(words), state, { says: { 'after-dot': [words] } })

async function scripted(options: ScriptedSmtpOptions): Promise<LyingSender> {
  const server = await startScriptedSmtp(options)
  const smtp = { host: 'localhost', port: server.port, tls: 'plain', messagesPerSession: 3 } as const
  const lookup = guardedLookup({ allowLoopback: true })
  const patient = smtpSender({ lookup })
  // Only who is lied to waits for an answer that never comes; nothing else depends on how busy the machine is.
  const quick = smtpSender({ lookup, timeoutsMs: { reply: 1_000 } })
  const isSilent = options.fault === 'hang' || options.fault === 'garbage'
  return {
    from: 'ana@contoso.example',
    sender: { open: (...input) => (isSilent && server.faults === 0 ? quick : patient).open(...input) },
    authority: { kind: 'anonymous' },
    send: (connectionId) => ({ transport: 'smtp', connectionId, smtp }),
    inbox: (address) => server.mails.filter(({ to }) => to.includes(address)).map(({ raw }) => raw),
    stop: () => server.stop(),
  }
}

async function withRecipient(alsoTo: string): Promise<LyingSender> {
  return { ...(await smtpSubject('none')), alsoTo }
}

const breaks = ['close', 'reset', 421] as const
const before = ['mail-from', 'rcpt-to', 'data'] as const

const lies: SenderLies = {
  'takes the mail and is gone before its answer': [
    way('closes', 'unknown', { phase: 'after-dot', fault: 'close' }),
    way('resets', 'unknown', { phase: 'after-dot', fault: 'reset' }),
  ],
  'takes nothing and is gone before its answer': [
    way('closes', 'unknown', { phase: 'after-dot', fault: 'close', says: { 'after-dot': ['451 4.3.0 No room'] } }),
  ],
  'answers too late': [way('silence', 'unknown', { phase: 'after-dot', fault: 'hang' })],
  'answers twice': [says('250 2.0.0 OK queued\r\n250 2.0.0 OK queued', 'sent')],
  'says yes before it has the mail': [
    way('with the go', 'sent', { says: { data: ['354 Go\r\n250 2.0.0 OK queued'] } }),
  ],
  'takes the mail for some of its recipients': [
    [
      'one is unknown',
      () => withRecipient('unknown@example.net'),
      'sent',
      { delivered: ['ben@contoso.example'], attempts: 1 },
    ],
    [
      'one is greylisted',
      () => withRecipient('greylisted@example.net'),
      'sent',
      { delivered: ['ben@contoso.example', 'greylisted@example.net'], attempts: 2 },
    ],
  ],
  'answers with a code nobody knows': [
    says('299 2.9.9 What', 'sent'),
    says('399 What', 'unknown'),
    says('499 4.9.9 What', 'sent'),
    says('599 5.9.9 What', 'failed'),
    says('600 What', 'unknown'),
    says('000', 'unknown'),
  ],
  // The last line ends a reply and is the answer (RFC 5321 4.2.1).
  'says yes and no in one answer': [
    says('250-2.0.0 almost\r\n550 5.7.1 Rejected by policy', 'failed'),
    says('550-5.7.1 almost\r\n250 2.0.0 OK queued', 'sent'),
    says('250-2.0.0 almost\r\n451 4.7.1 Come again', 'sent'),
    way('for a recipient', 'failed', { says: { 'rcpt-to': ['250-2.1.5 almost\r\n550 5.1.1 No such user'] } }),
  ],
  'answers something that is no answer': [
    way('bytes', 'unknown', { phase: 'after-dot', fault: 'garbage' }),
    says('HTTP/1.1 400 Bad Request', 'unknown'),
    says('2nd thoughts', 'unknown'),
  ],
  'forgets what it was given': { cannot: 'an SMTP server has nothing to forget before the final dot' },
  'finds a mail too large that is not': [says('552 5.3.4 Message too big for system', 'failed')],
  'breaks off before it has the mail': before.flatMap((phase) =>
    breaks.map((fault) => way(`${fault} at ${phase}`, 'sent', { phase, fault })),
  ),
  'is busy for now': [
    says('451 4.7.500 Server busy', 'sent'),
    says('421 4.3.2 Closing', 'sent'),
    way('at the sender', 'sent', { says: { 'mail-from': ['451 4.7.500 Server busy'] } }),
    way('at a recipient', 'sent', { says: { 'rcpt-to': ['452 4.5.3 Too many recipients'] } }),
  ],
}
