import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { errorPage } from '../../../lib/pages/error-page.js'
import { resultPage } from '../../../lib/pages/result-page.js'
import { de } from '../../../lib/pages/texts/de.js'
import { en } from '../../../lib/pages/texts/en.js'
import { wordKeyOf } from '../../../lib/pages/texts/words-of-code.js'

const flows = new URL('../../../lib/flows/connect/', import.meta.url)
/** What applications and administrators call over the API: their answers are problem documents, not pages. */
const apiOnly = new Set(['start-sign-in.ts', 'add-mailbox.ts', 'list-sign-ins.ts', 'confirm-sign-in.ts'])
/** Said on the console, and by the API to whoever asks for a link; never on a page of a link. */
const notOnPages = new Set(['sign_in_pending', 'own_registration_needed'])

const thrown = /(?:new GatewayError|conflict)\(\s*'([a-z0-9_]+)'|\b(?:code|local): '([a-z0-9_]+)'/g
const problemRow = /^ {2}([a-z_]+): \[\s*$|^ {2}([a-z_]+): \[\d/gm
const codes = [
  ...new Set([
    ...readdirSync(flows)
      .filter((name) => !apiOnly.has(name))
      .flatMap((name) => {
        const text = readFileSync(new URL(name, flows), 'utf8')
        const rows = name === 'sign-in-problems.ts' ? [...text.matchAll(problemRow)] : []
        return [...text.matchAll(thrown), ...rows].map(([, one, other]) => one ?? other ?? '')
      }),
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

  test('T6: what only the catalogue can say is English, and marked so for whoever listens', () => {
    expect(pageOf('smtp_452', de)).toContain(`<p lang="en">${said}</p>`)
    expect(pageOf('smtp_452', en)).not.toContain('lang="en">You')
    const verdict = { verdict: 'fails', code: 'smtp_452', text: said, remedy: said } as const
    const page = resultPage({ ...result, verdicts: { signIn: verdict, reading: verdict, sending: verdict } }, de)
    expect(page).toContain(`<p class="soft" lang="en">${said}</p>`)
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

const works = { verdict: 'works' } as const
const result = {
  status: 'signed-in' as const,
  tenantName: 'Muster GmbH',
  target: { kind: 'connect', address: 'a@b.example', receive: true, send: true, confirmation: 'tenant-admin' } as const,
  signedInAs: 'a@b.example',
  until: 0,
  verdicts: { signIn: works, reading: works, sending: { verdict: 'not-tested', opened: true } as const },
}

test('A13: while nothing is confirmed, the result says that no mail was opened; afterwards it does not', () => {
  for (const [t, sentence] of [
    [en, 'No mail was opened to find this out.'],
    [de, 'Dafür wurde keine Mail geöffnet.'],
  ] as const) {
    expect(resultPage(result, t)).toContain(sentence)
    expect(resultPage({ ...result, status: 'confirmed' }, t)).not.toContain(sentence)
  }
})

test('T2: a server of before that did not answer is not tested yet, and the page says why', () => {
  const sending = { verdict: 'not-tested', unanswered: true } as const
  const page = resultPage({ ...result, status: 'confirmed', verdicts: { signIn: works, reading: works, sending } }, en)
  expect(page).toContain('Not tested yet')
  expect(page).toContain('The server did not answer just now.')
  expect(page).not.toContain('Only a mail shows')
})
