/** What the result page says of tests that were not made. */
import { expect, test } from 'vitest'
import { resultPage } from '../../../lib/pages/result-page.js'
import { de } from '../../../lib/pages/texts/de.js'
import { en } from '../../../lib/pages/texts/en.js'

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
    [en, 'No mail was opened for this test.'],
    [de, 'Dafür wurde keine Mail geöffnet.'],
  ] as const) {
    expect(resultPage(result, t)).toContain(sentence)
    expect(resultPage({ ...result, status: 'confirmed' }, t)).not.toContain(sentence)
  }
})

test('T2: a previous server that did not answer is not tested yet, and the page says why', () => {
  const sending = { verdict: 'not-tested', unanswered: true } as const
  const page = resultPage({ ...result, status: 'confirmed', verdicts: { signIn: works, reading: works, sending } }, en)
  expect(page).toContain('Not tested yet')
  expect(page).toContain('The server did not answer just now.')
  expect(page).not.toContain('Only a mail shows')
})
