/** One of each console page, with any text in the fields that mail, peers or people fill. */
import {
  type AttentionItem,
  type AttentionKind,
  attentionActions,
  attentionKinds,
} from '../../../lib/model/attention.js'
import type { Caller } from '../../../lib/model/caller.js'
import { type ActionKind, consoleActions } from '../../../lib/pages/console/actions.js'
import { askPage } from '../../../lib/pages/console/ask-page.js'
import { signInFacts } from '../../../lib/pages/console/attention-card.js'
import { checkedPage } from '../../../lib/pages/console/checked-page.js'
import type { View } from '../../../lib/pages/console/frame.js'
import { logsPage } from '../../../lib/pages/console/logs-page.js'
import { mailFacts, mailPage, mailsPage } from '../../../lib/pages/console/mail-pages.js'
import { mailboxesPage, mailboxFacts, mailboxPage } from '../../../lib/pages/console/mailbox-pages.js'
import { failurePage, reconnectPage } from '../../../lib/pages/console/message-page.js'
import { newSecretPage } from '../../../lib/pages/console/new-secret-page.js'
import { allTenantsPage, overviewPage } from '../../../lib/pages/console/overview-page.js'
import { serverMailboxPage } from '../../../lib/pages/console/server-mailbox-page.js'
import { signInPage } from '../../../lib/pages/console/sign-in-page.js'
import { html, type Markup } from '../../../lib/pages/html.js'
import { ago, now, sampleItems } from './console-items.js'

export function sampleView(caller: Partial<Caller> = {}, more: Partial<View> = {}): View {
  return {
    caller: { role: 'tenant-admin', tenant: 'acme', keyId: 'abcdefgh', ...caller },
    tenant: 'acme',
    now,
    csrf: 'sample-token',
    notice: '',
    may: () => true,
    ...more,
  }
}

/** `hostile`, when given, stands in every field that somebody outside can fill. */
export function samplePages(hostile?: string): Record<string, string> {
  const say = (text: string): string => hostile ?? text
  const { attention, refusal, webhook, pending, mailbox, mailboxes, failed, mail, planned, mails } = sampleItems(say)
  const view = sampleView()
  const operator = sampleView({ role: 'operator', tenant: '~' }, { tenant: '~' })
  const row = {
    at: ago(12),
    failed: true,
    state: 'failed',
    code: failed.code,
    text: failed.text,
    remedy: failed.remedy,
  }
  const log = { ...row, reply: failed.reply, mailId: mail.id, mailboxId: mailbox.id, attempt: 1, other: say('x') }
  const logs = {
    log: 'sending',
    day: '',
    failed: false,
    mailboxId: '',
    requestId: '',
    rows: [log, log],
    mailboxes,
    pages: { query: new URLSearchParams('after=1'), next: say('2') },
  } as const
  const found = {
    query: new URLSearchParams({
      recipient: say('anna@customer.example'),
      metadata: say('a:b'),
      after: say('x'),
      trail: '-',
    }),
    next: say('y'),
  }
  const broken = { attention: [attention, refusal, webhook], next: '' }
  const boxes = { mailboxes, next: '' }
  const none = { query: new URLSearchParams(), next: '' }
  const facts: Record<ActionKind, Markup> = {
    mails: mailFacts(view, planned),
    mailboxes: mailboxFacts(mailbox),
    'sign-ins': signInFacts(view, {
      address: say('ben@acme.example'),
      signedInAs: say('ben@acme.example'),
      directory: say('7a1c0d3e-5b1f-4c55-9f3e-0c0de0000001'),
      expiresAt: ago(-600),
    }),
    connections: html``,
    registrations: html``,
    webhooks: html`<dt>Webhook</dt><dd>${say('https://app.example/hook')}</dd>`,
  }
  const asked = Object.entries(consoleActions).flatMap(([kind, actions]) =>
    Object.entries(actions)
      .filter(([, action]) => 'question' in action)
      .map(([name]) => [`ask-${kind}-${name}`, askPage(view, askedOf(kind as ActionKind, name))] as const),
  )
  function askedOf(kind: ActionKind, name: string) {
    return { kind, id: say('x1'), name, facts: facts[kind] }
  }
  const registration = {
    id: say('r1'),
    name: say('Our app'),
    clientId: say('client'),
    authority: say('https://login.microsoftonline.com/organizations'),
    credential: 'secret' as const,
  }
  const ofKind = (kind: AttentionKind): AttentionItem => {
    const item = {
      ...attention,
      kind,
      id: kind === 'connection' ? 'conn1' : 'one',
      subject: say(kind),
      mailboxId: '',
      requestId: '',
    }
    return { ...item, actions: attentionActions(item) }
  }
  const failure = { code: 'wrong_state', description: say('The mail has left.'), remedy: say('Look at its attempts.') }
  return {
    'sign-in': signInPage({ token: 't', to: '/console', problem: say('The key is unknown, expired or incomplete.') }),
    overview: overviewPage(view, { broken, boxes, openMails: mails }),
    'all-tenants': allTenantsPage(operator, {
      broken,
      pages: found,
      tenants: [{ id: 'acme', name: say('Acme Ltd') }],
      health: {
        ok: false,
        checks: [{ name: 'tables', ok: false, text: say('refused'), remedy: say('Grant the role.') }],
      },
    }),
    pending: overviewPage(view, { broken: { attention: [pending], next: '' }, boxes, openMails: [] }),
    'every-card': overviewPage(view, {
      broken: { attention: attentionKinds.map(ofKind), next: '' },
      boxes,
      openMails: [],
    }),
    ...Object.fromEntries(asked),
    'server-mailbox': serverMailboxPage(view),
    'server-mailbox-refused': serverMailboxPage(view, {
      typed: {
        ...{ address: say('orders@acme.example'), name: say('Orders'), displayName: '', username: '' },
        ...{ imapHost: say('imap.acme.example'), imapPort: '993', imapTls: 'implicit', imapCa: say('PEM') },
        ...{ smtpHost: say('relay.acme.example'), smtpPort: '', smtpTls: 'starttls', smtpCa: '' },
        ...{ smtpLogin: 'none', smtpUsername: '' },
      },
      errors: new Map([
        ['imapCa', say('The certificate is not trusted.')],
        ['password', say('The password is wrong.')],
      ]),
      refused: { code: 'mail_server_test_failed', description: say('The test failed.'), remedy: '' },
    }),
    'new-secret': newSecretPage(view, registration),
    'new-secret-for-identity': newSecretPage(view, { ...registration, credential: 'managed-identity' }),
    'new-certificate': newSecretPage(
      view,
      { ...registration, credential: 'private-key' },
      {
        refused: {
          code: 'invalid_input',
          field: 'privateKey',
          description: 'privateKey: is protected by a passphrase.',
          remedy: 'Give it without one.',
        },
        ends: '',
      },
    ),
    'new-secret-refused': newSecretPage(view, registration, {
      refused: {
        code: 'registration_secret_refused',
        field: 'clientSecret',
        description: 'The provider refuses this client secret.',
        remedy: 'Paste the value of the secret, not its id.',
      },
      ends: '2027-01-31',
    }),
    mailboxes: mailboxesPage(view, mailboxes, found),
    mailbox: mailboxPage(view, {
      mailbox,
      connection: {
        lastRefresh: ago(30),
        nextRefresh: ago(-20),
        projectedDeath: { at: ago(-90 * 24 * 60), why: 'unused' },
      },
      settings: (['mailbox', 'default'] as const).map((source) => ({
        name: 'afterReceive',
        value: say('move:Done'),
        source,
        default: 'leave',
        description: 'What happens on the server to a mail that was handed over.',
      })),
      received: ['handed-over', 'quarantined'].map((state) => ({
        id: say('r1'),
        state,
        from: say('Anna <anna@customer.example>'),
        receivedAt: ago(200),
        bytes: 9_120,
        description: state === 'quarantined' ? say('The mail could not be read.') : '',
        remedy: state === 'quarantined' ? say('Read it in the mailbox itself.') : '',
      })),
    }),
    mails: mailsPage(view, { mails, mailboxes, places: mailboxes, problem: '', pages: found }),
    mail: mailPage(view, mail, mailbox),
    'mail-planned': mailPage(view, { ...planned, held: false }, mailbox),
    'mail-unknown': mailPage(view, { ...mail, state: 'unknown' }, undefined),
    logs: logsPage(view, logs),
    reconnect: reconnectPage(view, mailbox, { link: say('https://mail.example/connect/x.y'), expiresAt: ago(-1440) }),
    checked: checkedPage(view, mailbox, {
      signIn: { verdict: 'works', stage: null, code: null, whoActs: null, description: null, remedy: null },
      reading: {
        verdict: 'fails',
        stage: 'tls',
        code: say('tls_untrusted'),
        whoActs: 'Gateway operator',
        description: say('The certificate of the mail server has expired.'),
        remedy: say('The owner of the mail server must renew it.'),
      },
      sending: {
        verdict: 'not-tested',
        stage: 'send-right',
        code: null,
        whoActs: null,
        description: 'The mailbox can be opened for sending; only a mail shows whether it may send.',
        remedy: 'Send a test mail.',
      },
    }),
    failure: failurePage({ ...failure, requestId: 'abc' }, view),
    'empty-overview': overviewPage(view, {
      broken: { attention: [], next: '' },
      boxes: { mailboxes: [], next: '' },
      openMails: [],
    }),
    'empty-mails': mailsPage(view, { mails: [], mailboxes: [], places: [], problem: '', pages: none }),
    'mails-refused': mailsPage(view, {
      mails: [],
      mailboxes,
      places: [],
      problem: say('Subjects are not kept.'),
      pages: found,
    }),
    'empty-logs': logsPage(view, { ...logs, rows: [] }),
  }
}
