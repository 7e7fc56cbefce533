/** Every error that the way from link to mailbox can end with has words of its own, in both languages. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import catalogue from '../../../lib/diagnosis/catalogue.json' with { type: 'json' }
import { connectPage } from '../../../lib/pages/connect-page.js'
import { errorPage } from '../../../lib/pages/error-page.js'
import { resultPage } from '../../../lib/pages/result-page.js'
import { codesOfPeers } from '../../../lib/pages/texts/codes-of-peers.js'
import { de } from '../../../lib/pages/texts/de.js'
import { en } from '../../../lib/pages/texts/en.js'
import { wordKeyOf } from '../../../lib/pages/texts/words-of-code.js'

const flows = new URL('../../../lib/flows/connect/', import.meta.url)
const problems = readFileSync(new URL('../../../lib/model/sign-in-problems.ts', import.meta.url), 'utf8')
/** What applications and administrators call over the API: their answers are problem documents, not pages. */
const apiOnly = new Set([
  ...['start-sign-in.ts', 'add-mailbox.ts', 'list-sign-ins.ts', 'confirm-sign-in.ts', 'reconnect-many.ts'],
  ...['add-server-mailbox.ts', 'try-servers.ts', 'change-password.ts', 'account-connection.ts'],
])
/** Said on the console, and by the API to whoever asks for a link; never on a page of a link. */
const notOnPages = new Set(['sign_in_pending', 'own_registration_needed', 'no_approval_awaited'])

const thrown = /(?:new GatewayError|conflict)\(\s*'([a-z0-9_]+)'|\b(?:code|local): '([a-z0-9_]+)'/g
const problemRow = /^ {2}([a-z_]+): \[\s*$|^ {2}([a-z_]+): \[\d/gm
const codes = [
  ...new Set([
    ...readdirSync(flows)
      .filter((name) => !apiOnly.has(name))
      .flatMap((name) => {
        const text = readFileSync(new URL(name, flows), 'utf8')
        return [...text.matchAll(thrown)].map(([, one, other]) => one ?? other ?? '')
      }),
    ...[...problems.matchAll(problemRow)].map(([, one, other]) => one ?? other ?? ''),
    // Thrown further in: by what the flows call while a page waits.
    'invalid_input',
    'mailbox_held',
    'directory_unknown',
    'id_token_invalid',
    'token_scope_missing',
    'wrong_token_audience',
    'registration_without_secret',
    'unexpected',
  ]),
].filter((code) => !notOnPages.has(code))

const english = /\b(the|your|you|this|with|mailbox|password|please)\b/i
const words = (page: string): string =>
  page
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/Mailbox Gateway/g, '')
const said = 'You signed in with the mailbox.'
const pageOf = (code: string, t: typeof en) =>
  errorPage({ code, class: 'permanent', description: said, remedy: said, requestId: 'r', retry: '/connect/a.b' }, t)

/** Answers about a recipient, a route or a sending address: after the sign-in, when a mail is on its way. */
const onlyMailMeets = [
  'exo_smtp_esc_4_4_316',
  'exo_smtp_esc_5_2_121',
  'exo_smtp_esc_5_2_122',
  'exo_smtp_esc_5_4_14',
  'exo_smtp_esc_5_7_511',
  'exo_smtp_esc_5_7_606',
  'exo_smtp_esc_5_7_64',
  'exo_smtp_recipient_thread_limit_exceeded',
  'gmail_smtp_550_esc_5_7_0',
  'gmail_smtp_esc_4_2_1_receiving_mail',
  'gmail_smtp_esc_5_7_25',
  'smtp_550_relay',
  'smtp_esc_4_1_8',
  'smtp_esc_4_2_1',
  'smtp_esc_4_2_2',
  'smtp_esc_4_4_6',
  'smtp_esc_5_4_6',
  'smtp_esc_5_7_15',
  'smtp_esc_5_7_25',
  'smtp_esc_5_7_28',
]
const linkPage = {
  link: 'a.b',
  tenantName: 'Muster GmbH',
  target: { kind: 'connect', address: 'a@b.example', receive: true, send: true } as const,
  signInAs: 'a@b.example',
  discovered: { provider: 'basic', evidence: '', about: { by: 'nothing', domain: 'b.example', host: '' } as const },
  ways: ['password'] as const,
  pages: [],
  choices: [],
  formToken: 't',
}

const typed = { username: 'a', imapHost: 'b', imapPort: '1', imapTls: '', smtpHost: 'c', smtpPort: '2', smtpTls: '' }
/** One of each: a page depends on the code by its words and its class only. */
const each = [
  ...new Map(
    catalogue.map(([code = '', , , , verdict = '']) => {
      const errorClass = verdict.split(':')[0] ?? ''
      return [`${wordKeyOf(code)} ${errorClass}`, { code, class: errorClass }] as const
    }),
  ).values(),
]
/** Every page of a link that can tell of it. */
function pagesAbout({ code, class: errorClass }: (typeof each)[number], t: typeof en): string[] {
  const verdict = { verdict: 'fails', code, text: said, remedy: said } as const
  const values = { kind: 'imap', imapCode: code, smtpCode: code }
  const problems = ['username', 'password', 'smtpHost'].map((field) => ({ field, message: said }))
  const problem = { code, class: errorClass, description: said, remedy: said, values, problems }
  return [
    errorPage({ code, class: errorClass, description: said, remedy: said, requestId: 'r', retry: '/x' }, t),
    resultPage({ ...result, verdicts: { signIn: verdict, reading: verdict, sending: { ...verdict, text: '' } } }, t),
    connectPage({ ...linkPage, problem, typed }, t),
    connectPage({ ...linkPage, problem }, t),
  ]
}

const works = { verdict: 'works' } as const
const result = {
  status: 'signed-in' as const,
  tenantName: 'Muster GmbH',
  target: { kind: 'connect', address: 'a@b.example', receive: true, send: true, confirmation: 'tenant-admin' } as const,
  signedInAs: 'a@b.example',
  until: 0,
  verdicts: { signIn: works, reading: works, sending: { verdict: 'not-tested', opened: true } as const },
}

describe('every error that the way from link to mailbox can end with', () => {
  test('T6: the list is the one of the code', () => {
    expect(codes.length).toBeGreaterThan(30)
    for (const code of [
      'way_not_allowed',
      'server_change_not_allowed',
      'address_not_proven',
      'delegate_without_access',
    ])
      expect(codes).toContain(code)
    // The control: whatever has no words of its own is told apart.
    expect(wordKeyOf('a_code_of_tomorrow')).toBeUndefined()
  })

  test.each(codes)('T6: %s has words of its own in both languages', (code) => {
    const key = wordKeyOf(code)
    expect(key).toBeDefined()
    if (key === undefined) return
    expect(en.problems[key].heading).not.toBe('')
    expect(pageOf(code, en)).toContain(en.problems[key].heading)
    const page = pageOf(code, de)
    expect(page).toContain(de.problems[key].heading)
    expect(words(page)).not.toMatch(english)
  })

  test.each(each)('T6: a German page that tells of $code ($class) speaks no English', (one) => {
    for (const page of pagesAbout(one, de)) expect(words(page)).not.toMatch(english)
  })

  test('T6: these are the answers of providers and mail servers; the same look finds the English pages', () => {
    expect([catalogue.length > 500, each.length > 60]).toEqual([true, true])
    for (const page of pagesAbout({ code: 'smtp_452', class: 'transient' }, en)) expect(words(page)).toMatch(english)
  })

  test('T6: what a sign-in or a try-out can be answered has words of its own; only mail, or another product, meets the rest', () => {
    const sources = new Set([
      'entra',
      'oauth',
      'graph',
      'net',
      'exo-smtp',
      'exo-imap',
      'gmail-imap',
      'gmail-smtp',
      'imap',
      'smtp',
      'any',
    ])
    const aboutMail = /:(recipient|message|sender|split|resync|bug|unknown-outcome)$|^permanent$/
    const without = catalogue.filter(
      ([code = '', source = '', , , verdict = '']) =>
        sources.has(source) && !aboutMail.test(verdict) && wordKeyOf(code) === undefined,
    )
    expect(without.map(([code]) => code).sort()).toEqual(onlyMailMeets)
    // Every code that words were written for is one of the catalogue.
    const known = new Set(catalogue.map(([code]) => code))
    expect([...codesOfPeers.keys()].filter((code) => !known.has(code))).toEqual([])
  })

  test('T6, T10: where nothing is connected yet, nobody retries but the person', () => {
    const passing = { code: 'graph_http_503', text: said, remedy: 'Nothing to do: the gateway retries automatically.' }
    const error = { ...passing, class: 'transient', description: said, requestId: 'r', retry: '/connect/a.b' }
    const verdict = { verdict: 'fails', ...passing } as const
    for (const t of [en, de]) {
      expect(errorPage(error, t)).toContain(t.error.tryLater)
      expect(errorPage(error, t)).not.toContain('Nothing to do')
      const page = connectPage({ ...linkPage, problem: { ...error, code: 'imap_limit' } }, t)
      expect(page).toContain(t.error.tryLater)
      // The control: a mailbox that is connected is retried.
      const verdicts = { signIn: works, reading: verdict, sending: verdict }
      expect(resultPage({ ...result, status: 'confirmed', verdicts }, t)).not.toContain(t.error.tryLater)
    }
  })

  test('T5: what both servers answered stands on the form, each in its own words', () => {
    const typed = {
      username: 'a',
      imapHost: 'in.a',
      imapPort: '993',
      imapTls: '',
      smtpHost: 'out.a',
      smtpPort: '465',
      smtpTls: '',
    }
    const problem = {
      code: 'imap_no',
      class: 'needs-reconnect',
      description: said,
      remedy: said,
      values: { kind: 'imap', imapCode: 'imap_no', smtpCode: 'exo_smtp_esc_5_7_139' },
      problems: [
        { field: 'password', message: 'The server for incoming mail, in.a, port 993, answers: No.' },
        { field: 'password', message: 'The server for outgoing mail, out.a, port 465, answers: Switched off.' },
      ],
    }
    const german = words(connectPage({ ...linkPage, problem, typed }, de))
    expect(german).toContain('eingehende Mail, in.a, Port 993, antwortet: Der Mailserver hat abgelehnt')
    expect(german).toContain('ausgehende Mail, out.a, Port 465, antwortet: Ihre Organisation')
    const page = connectPage({ ...linkPage, problem, typed }, en)
    for (const { message } of problem.problems) expect(page).toContain(message)
    expect(page).toMatch(/id="password"[^>]* autofocus/)
  })

  test('T5: each field at fault is marked and has its words beside it; what several lack stands once above', () => {
    const fields = ['imapHost', 'imapPort', 'smtpHost', 'smtpPort']
    const problems = fields.map((field) => ({ field, message: said }))
    const error = { code: 'invalid_input', class: 'permanent', description: said, remedy: said, problems }
    for (const t of [en, de]) {
      const page = connectPage({ ...linkPage, problem: error, typed }, t)
      for (const field of fields) {
        expect(page).toMatch(new RegExp(`id="${field}"[^>]* aria-invalid="true" aria-describedby="${field}-error"`))
        expect(page).toContain(`id="${field}-error"`)
      }
      expect(page.match(/ autofocus/g)).toHaveLength(1)
      expect(page).toContain('href="#imapHost"')
      expect(page).not.toContain('href="#smtpHost"')
    }
  })

  test('T6: an administrator without the role is told so in German, not that the organisation said no', () => {
    const error = { code: 'consent_not_shown', class: 'needs-admin', description: said, remedy: said, requestId: 'r' }
    const german = words(errorPage({ ...error, values: { signedIn: 'lea@a.example' } }, de))
    expect(german).toMatch(/lea@a\.example hat sich angemeldet, darf die Anwendung aber nicht/)
    expect(words(errorPage(error, de))).toContain('hat die Anwendung nicht erlaubt')
  })

  test('T10: whose mailbox is connected already is not sent to sign in again', () => {
    const error = { class: 'permanent', description: said, remedy: said, requestId: 'r', retry: '/connect/a.b' }
    expect(errorPage({ ...error, code: 'mailbox_exists' }, en)).not.toContain('href="/connect/a.b"')
    expect(errorPage({ ...error, code: 'mailbox_held' }, en)).toContain('href="/connect/a.b"')
  })

  test('T13: an ended link does not say its heading twice', () => {
    const error = { code: 'link_expired', class: 'permanent', description: 'This link has expired.', remedy: said }
    for (const t of [en, de]) {
      const [, body = ''] = errorPage({ ...error, requestId: 'r' }, t).split('<body>')
      expect(body.match(/has expired|ist abgelaufen/g)).toHaveLength(1)
    }
  })

  test('T6: another user name than before is told beside its field in German', () => {
    const message = 'must be ana@b.example, as before'
    const values = { typed: 'ben@b.example', expected: 'ana@b.example' }
    const problem = { code: 'mailbox_mismatch', class: 'permanent', description: said, remedy: said, values }
    const form = { ...linkPage, typed, problem: { ...problem, problems: [{ field: 'username', message }] } }
    expect(connectPage(form, de)).not.toContain(message)
    expect(connectPage(form, de)).toMatch(/id="username-error">[^<]*ben@b\.example[^<]*verbunden\./)
    expect(connectPage(form, en)).toContain(message)
  })

  test('T6: names and addresses stand in the German sentences too', () => {
    const dynamic: [string, Record<string, string>, RegExp][] = [
      ['way_not_allowed', { way: 'password', tenant: 'Muster GmbH' }, /Benutzername und Passwort.*Muster GmbH/s],
      ['way_not_allowed', { tenant: 'Muster GmbH' }, /gibt es nicht mehr.*Muster GmbH um einen neuen Link/s],
      ['server_change_not_allowed', { tenant: 'Muster GmbH' }, /Muster GmbH um einen Link, der andere Server erlaubt/],
      ['mailbox_mismatch', { typed: 'x@a.example', expected: 'y@a.example' }, /x@a\.example.*y@a\.example/s],
      ['other_directory', { expected: '1111-2222' }, /1111-2222/],
    ]
    for (const [code, values, expected] of dynamic)
      expect(
        words(errorPage({ code, class: 'permanent', description: '', remedy: '', values, requestId: 'r' }, de)),
      ).toMatch(expected)
  })
})
