/** What the pages of the console show: cards, mailboxes and mails, one of each. */
import { type AttentionItem, attentionActions } from '../../../lib/model/attention.js'
import type { MailDetails } from '../../../lib/pages/console/mail-pages.js'
import type { MailboxEntry } from '../../../lib/pages/console/mailbox-pages.js'

export const now = Date.UTC(2026, 10, 21, 14, 3)
export const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString()

/** `say` stands around every text that somebody outside can fill. */
export function sampleItems(say: (text: string) => string) {
  const attention: AttentionItem = {
    tenant: 'acme',
    kind: 'connection',
    id: 'conn1',
    since: ago(133),
    code: say('entra_aadsts700082'),
    class: 'needs-reconnect',
    whoActs: 'Mailbox owner',
    description: say('The sign-in of this mailbox is no longer valid: it was not used for 90 days.'),
    remedy: say(
      'The mailbox owner must open a reconnect link and sign in again. The gateway then sends the waiting mail automatically.',
    ),
    peerLine: say('AADSTS700082: The refresh token has expired due to inactivity.'),
    mailboxId: '',
    connectionId: '',
    subject: 'ana@contoso.example',
    actions: [],
  }
  const refusal: AttentionItem = {
    ...attention,
    kind: 'mailbox-send',
    id: say('m1'),
    code: say('graph_errorsendasdenied'),
    class: 'needs-admin',
    whoActs: "Customer's administrator",
    description: say('This mailbox may not send as that From address.'),
    remedy: say('An administrator must grant Send As on the mailbox of the From address.'),
    peerLine: say('ErrorSendAsDenied'),
    mailboxId: say('m1'),
    subject: say('support@acme.example'),
  }
  const webhook: AttentionItem = {
    ...attention,
    kind: 'webhook',
    id: say('w1'),
    subject: say('https://app.example/hook'),
    class: 'transient',
    whoActs: 'Developers of the application',
  }
  const pending: AttentionItem = {
    ...attention,
    kind: 'sign-in',
    id: say('abcdefghijklmnopqrstuvwxy3'),
    code: 'sign_in_pending',
    class: 'needs-admin',
    whoActs: "Customer's administrator",
    description: say('ben@acme.example signed in for ben@acme.example.'),
    remedy: say('Check that this is the right person, then confirm or reject it.'),
    peerLine: '',
    subject: say('ben@acme.example'),
  }
  for (const item of [attention, refusal, webhook, pending]) item.actions = attentionActions(item)
  const mailbox: MailboxEntry = {
    id: say('m1'),
    key: say('SUP'),
    address: say('support@acme.example'),
    displayName: say('Customer support'),
    purpose: say('Tickets'),
    active: true,
    name: '',
    isDefault: true,
    health: 'needs-reconnect',
    attention: [attention, refusal],
    heldBy: say('environment test, another tenant'),
    connectionState: 'needs-reconnect',
    connectionReason: say('entra_aadsts700082'),
    receiving: {
      transport: 'graph',
      lastSuccess: ago(135),
      lastMail: ago(190),
      failures: 4,
      problem: say('Timed out.'),
    },
    sending: {
      transport: 'graph',
      lastSuccess: ago(140),
      lastMail: ago(140),
      failures: 2,
      problem: say('Blocked.'),
      gate: 'closed',
      nextTry: ago(-9),
      refusedMails: 3,
      lastRefused: ago(4),
    },
    warnings: [{ code: 'password_at_microsoft', description: say('Ends soon.'), remedy: say('Reconnect.') }],
  }
  const well: MailboxEntry = {
    ...mailbox,
    id: 'm2',
    key: 'BILL',
    address: 'billing@acme.example',
    displayName: 'Billing',
    isDefault: false,
    health: 'working',
    attention: [],
    heldBy: '',
    warnings: [],
    connectionState: 'connected',
    connectionReason: '',
    receiving: { transport: 'none', lastSuccess: '', lastMail: '', failures: 0, problem: '' },
    sending: {
      transport: 'smtp',
      lastSuccess: ago(3),
      lastMail: ago(3),
      failures: 0,
      problem: '',
      gate: 'open',
      nextTry: '',
      refusedMails: 0,
      lastRefused: '',
    },
  }
  const failed = {
    at: ago(12),
    code: say('smtp_550'),
    class: 'permanent' as const,
    text: say('The server of the recipient refuses the address.'),
    remedy: say('Correct the address and send the mail again.'),
    reply: say('550 5.1.1 <nobody@customer.example>: user unknown'),
    whoActs: say('Sender of the mail'),
  }
  const mail: MailDetails = {
    id: say('abcdefghijklmnopqrstuvwxy2'),
    mailboxId: mailbox.id,
    state: 'waiting',
    held: false,
    from: say('support@acme.example'),
    recipients: [say('anna@customer.example'), say('ben@customer.example')],
    attempts: 1,
    history: [failed],
    plannedAt: '',
    notBefore: ago(-9),
    deadline: ago(-48 * 60),
    lookUpAt: '',
    acceptedAt: ago(14),
    refused: [
      { address: say('nobody@customer.example'), code: say('smtp_550'), remedy: failed.remedy, reply: failed.reply },
    ],
    delivered: [say('anna@customer.example')],
    messageId: say('<a1b2@acme.example>'),
    subject: say('Your invoice 4711'),
    metadata: { invoice: say('4711') },
    bytes: 48_213,
    finalAt: '',
    whenUnknown: 'stop',
  }
  const planned = {
    ...mail,
    state: 'queued' as const,
    attempts: 0,
    history: [],
    plannedAt: ago(-9),
    notBefore: ago(-9),
  }
  const mails = [mail, { ...mail, state: 'unknown' as const }, { ...mail, held: true, history: [] }]
  const mailboxes = [mailbox, well]
  return { attention, refusal, webhook, pending, mailbox, mailboxes, failed, mail, planned, mails }
}
