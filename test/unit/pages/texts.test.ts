import { describe, expect, test } from 'vitest'
import { connectPage } from '../../../lib/pages/connect-page.js'
import { errorPage } from '../../../lib/pages/error-page.js'
import { resultPage } from '../../../lib/pages/result-page.js'
import { de } from '../../../lib/pages/texts/de.js'
import { en } from '../../../lib/pages/texts/en.js'
import { textsOf } from '../../../lib/pages/texts/texts.js'

describe('the language of the connect journey', () => {
  test('T6: is the first one of the browser that the pages speak, by its weights; else English', () => {
    for (const [header, lang] of [
      ['de-DE', 'de'],
      ['de-DE,de;q=0.9,en;q=0.8', 'de'],
      ['en-GB,en;q=0.9,de;q=0.1', 'en'],
      ['en;q=0.1, DE-at;q=0.5', 'de'],
      ['fr-FR, de;q=0.7', 'de'],
      ['de;q=0', 'en'],
      ['fr', 'en'],
      ['__proto__', 'en'],
      ['', 'en'],
    ])
      expect(textsOf(header ?? '').lang, header).toBe(lang)
    expect(textsOf(null).lang).toBe('en')
  })

  const page = {
    link: 'a.b',
    tenantName: 'Muster GmbH',
    target: { kind: 'connect', address: 'info@muster.example', receive: true, send: true } as const,
    signInAs: 'info@muster.example',
    discovered: {
      provider: 'basic',
      evidence: 'The public mail settings of muster.example name imap.muster.example.',
      about: { by: 'settings', domain: 'muster.example', host: 'imap.muster.example' } as const,
    },
    ways: ['microsoft', 'password'] as const,
    pages: ['microsoft'] as const,
    choices: [{ provider: 'microsoft' as const, label: 'Microsoft' }],
    sharedOffer: 'confirmed' as const,
    formToken: 't',
  }
  const typed = {
    username: 'info@muster.example',
    imapHost: 'imap.muster.example',
    imapPort: '993',
    imapTls: 'implicit',
    smtpHost: 'smtp.muster.example',
    smtpPort: '465',
    smtpTls: 'implicit',
  }
  const english = /\b(the|your|you|this|with|mailbox|password|please|server for)\b/i
  const words = (html: string) =>
    html
      .replace(/<style>[\s\S]*?<\/style>/, '')
      .replace(/<[^>]+>/g, ' ')
      .replace(/Mailbox Gateway/g, '')

  test('T6: German pages are German throughout, with their errors, and say so', () => {
    const problem = {
      code: 'smtp_535',
      class: 'needs-reconnect',
      description: 'Credentials invalid.',
      remedy: 'Type them again.',
      values: { kind: 'imap', imapCode: 'smtp_535' },
      problems: [{ field: 'password', message: 'The server for incoming mail answers: no.' }],
    }
    const pages = [
      connectPage(page, de),
      connectPage({ ...page, problem, typed }, de),
      resultPage(
        {
          status: 'confirmed',
          tenantName: 'Muster GmbH',
          target: { ...page.target, confirmation: 'tenant-admin' },
          signedInAs: 'info@muster.example',
          until: 0,
          verdicts: {
            signIn: { verdict: 'works' },
            reading: { verdict: 'works' },
            sending: { verdict: 'not-tested', opened: true },
          },
        },
        de,
      ),
      ...['aadsts_90095', 'link_expired', 'sign_in_used', 'aadsts_65004'].map((code) =>
        errorPage({ code, class: 'permanent', description: '', remedy: '', requestId: 'r', approval: 'x' }, de),
      ),
    ]
    for (const html of pages) {
      expect(html).toContain('<html lang="de">')
      expect(words(html)).not.toMatch(english)
    }
    expect(pages[1]).toContain(
      'Der Server für eingehende Mail, imap.muster.example, Port 993, hat das nicht angenommen.',
    )
    // The control: the same pages in English are caught by the same look.
    expect(words(connectPage(page, en))).toMatch(english)
  })
})
