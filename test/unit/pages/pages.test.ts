import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { cancelledPage } from '../../../lib/pages/cancelled-page.js'
import { connectPage } from '../../../lib/pages/connect-page.js'
import { consentPage, consentResultPage } from '../../../lib/pages/consent-pages.js'
import { errorPage } from '../../../lib/pages/error-page.js'
import { html } from '../../../lib/pages/html.js'
import { resultPage } from '../../../lib/pages/result-page.js'
import { styleHash } from '../../../lib/pages/style.js'

const evil = `"><script>alert('x')</script>\`&`
const target = {
  kind: 'connect' as const,
  address: evil,
  receive: true,
  send: true,
  confirmation: 'tenant-admin' as const,
}
const fails = { verdict: 'fails' as const, code: 'x', text: evil, remedy: evil }
const pages = {
  connect: connectPage({
    link: 'a.b',
    tenantName: evil,
    target,
    signInAs: evil,
    discovered: { provider: 'microsoft', evidence: evil, imap: { host: evil, port: 993, tls: evil } },
    ways: ['microsoft', 'password'],
    pages: ['microsoft'],
    choices: [{ provider: 'microsoft' as const, label: 'Microsoft' }],
    formToken: evil,
    problem: { code: evil, class: 'permanent', description: evil, remedy: evil },
  }),
  result: resultPage({
    status: 'signed-in',
    tenantName: evil,
    target,
    signedInAs: evil,
    until: 0,
    verdicts: { signIn: fails, reading: fails, sending: fails },
    returnTo: 'https://a.example/?x="y',
  }),
  error: errorPage({ code: evil, class: 'permanent', description: evil, remedy: evil, requestId: evil, retry: evil }),
  approval: errorPage({
    code: 'aadsts_90094',
    class: 'needs-admin',
    description: '',
    remedy: '',
    requestId: evil,
    approval: 'https://a.example/connect/?x="><script>',
  }),
  consent: consentPage({
    pages: ['microsoft'],
    link: evil,
    tenantName: evil,
    target: { ...target, consent: 'app-only' },
    permissions: [evil],
    formToken: evil,
  }),
  consented: consentResultPage({
    status: 'signed-in',
    tenantName: evil,
    target: { ...target, consent: 'app-only' },
    signedInAs: evil,
    until: 0,
    verdicts: { signIn: fails, reading: fails, sending: fails },
  }),
  cancelled: cancelledPage({ tenantName: evil, address: evil, returnTo: 'https://a.example/?x="y' }),
}

describe.each(Object.entries(pages))('%s page', (_, page) => {
  test('SEC-15: what comes from outside is text, in elements and in attributes', () => {
    expect(page).not.toContain('<script')
    expect(page).not.toMatch(/="[^"]*"><script/)
    expect(page).toContain('&lt;script&gt;')
  })

  test('D14: complete, labelled, and loads nothing', () => {
    expect(page).toMatch(/^<!doctype html>\s*<html lang="en">/)
    expect(page).toMatch(/<title>.+<\/title>/)
    expect(page.match(/<h1>/g)).toHaveLength(1)
    expect(page).not.toMatch(/ (src|onclick|style)=|<link|@import|url\(/)
    expect(page).not.toMatch(/undefined|\[object|NaN/)
    for (const [, id] of page.matchAll(/<(?:input|select)[^>]* id="([^"]+)"/g))
      expect(page).toContain(`<label for="${id}"`)
  })

  test('SEC-15: the style that the policy allows is the style on the page', () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? ''
    expect(styleHash).toBe(`sha256-${createHash('sha256').update(style).digest('base64')}`)
  })
})

test('escaping: nested templates stay, lists join, nothing else slips through', () => {
  expect(html`<p title="${'"&'}">${[html`<b>${'<'}</b>`, 1, false, undefined]}</p>`.text).toBe(
    '<p title="&quot;&amp;"><b>&lt;</b>1</p>',
  )
})

test('SEC-20: hidden and reversing characters of a tenant name are shown as what they are, to whoever is asked to agree', () => {
  const page = cancelledPage({ tenantName: 'Acme\u202etfosorciM', address: 'a\u200b@b.c' })
  expect(page).toContain('Acme[U+202E]tfosorciM')
  expect(page).not.toMatch(/[\u200b\u202e]/)
})

const connecting = (provider: string, forced = false): string =>
  connectPage({
    link: 'a.b',
    tenantName: 'Acme',
    target,
    signInAs: 'a@b.c',
    discovered: { provider, evidence: '' },
    ways: forced ? ['microsoft'] : ['microsoft', 'password'],
    pages: ['microsoft'],
    choices: [{ provider: 'microsoft' as const, label: 'Microsoft' }],
    formToken: '',
  })

test('M-056: a password for a Microsoft mailbox is warned about; for another it is not', () => {
  expect(connecting('microsoft')).toContain('switched off passwords')
  expect(connecting('basic')).not.toContain('switched off passwords')
})

test('M-055: an unknown provider offers both ways, one that was chosen only its own', () => {
  expect(connecting('unknown')).toContain('Continue with Microsoft')
  expect(connecting('unknown')).toContain('name="password"')
  expect(connecting('microsoft', true)).toContain('Continue with Microsoft')
  expect(connecting('microsoft', true)).not.toContain('name="password"')
})

test('M-072: the three verdicts are said apart', () => {
  const verdicts = {
    signIn: { verdict: 'works' },
    reading: { ...fails, text: 'IMAP is off.' },
    sending: { verdict: 'not-tested' },
  } as const
  const page = resultPage({ status: 'confirmed', tenantName: 'Acme', target, signedInAs: 'a@b.c', until: 0, verdicts })
  expect(page).toContain('Works')
  expect(page).toContain('IMAP is off.')
  expect(page).toContain('Not tested yet')
  expect(page).toContain('reading mail does not work yet')
  const fine = { ...verdicts, reading: { verdict: 'works' } } as const
  const well = resultPage({
    status: 'confirmed',
    tenantName: 'Acme',
    target,
    signedInAs: 'a@b.c',
    until: 0,
    verdicts: fine,
  })
  expect(well).toContain('can use this mailbox from now on')
  expect(well).not.toContain('does not work yet')
})

test('M-065: the two permissions an administrator can give are told apart', () => {
  const page = (consent: 'app-only' | 'delegated') =>
    consentPage({
      pages: ['microsoft'],
      link: 'a.b',
      tenantName: 'Acme',
      target: { consent, receive: true, send: false },
      permissions: ['Mail.ReadWrite'],
      formToken: '',
    })
  expect(page('app-only')).toContain('in every mailbox')
  expect(page('app-only')).toContain('without anybody signed in')
  expect(page('delegated')).toContain('This connects nobody’s mailbox')
  for (const one of [page('app-only'), page('delegated')]) {
    expect(one).not.toContain('Send mail')
    expect(one, 'M-140: as Microsoft names it').toContain('Mail.ReadWrite')
  }
})
