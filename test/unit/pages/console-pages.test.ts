/** The pages of the console: readable by everyone, and clear about who acts. */
import { describe, expect, test } from 'vitest'
import type { AttentionItem } from '../../../lib/model/attention.js'
import { mailboxHealth } from '../../../lib/model/mailbox-health.js'
import { logsPage } from '../../../lib/pages/console/logs-page.js'
import { mailActions } from '../../../lib/pages/console/mail-pages.js'
import { mailboxState } from '../../../lib/pages/console/mailbox-pages.js'
import { allTenantsPage, overviewPage } from '../../../lib/pages/console/overview-page.js'
import { exactly, relative, when } from '../../../lib/pages/console/words.js'
import { now } from '../../support/console/console-items.js'
import { samplePages, sampleView } from '../../support/console/console-samples.js'

const pages = samplePages()

describe('every page can be read by everyone', () => {
  test.each(Object.entries(pages))('%s: language, title, one h1, landmarks, labels, no empty button', (_name, page) => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(page).toMatch(/<title>[^<]+ · Mailbox Gateway<\/title>/)
    expect(page.match(/<h1>/g)).toHaveLength(1)
    expect(page.match(/<main id="main">/g)).toHaveLength(1)
    const labels = new Set([...page.matchAll(/<label for="([^"]+)"/g)].map((found) => found[1]))
    for (const [control] of page.matchAll(/<(?:input|select)[^>]*>/g)) {
      const id = / id="([^"]+)"/.exec(control)?.[1]
      const isInsideLabel = / type="checkbox"/.test(control)
      if (!/ type="hidden"/.test(control) && !isInsideLabel) expect(labels, control).toContain(id)
    }
    expect(page).not.toMatch(/<button[^>]*>\s*<\/button>/)
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((found) => found[1])
    expect(new Set(ids).size).toBe(ids.length)
  })

  test.each(Object.entries(pages))('%s: every form that changes something carries the form token', (name, page) => {
    for (const [form] of page.matchAll(/<form[^>]*method="post"[\s\S]*?<\/form>/g))
      if (name !== 'sign-in') expect(form).toContain('name="csrf" value="sample-token"')
  })
})

test('T1: a sign-in that an administrator has to confirm waits for the reader; nothing about it is broken', () => {
  const page = pages['pending']!
  expect(page).toContain('<h2>Waiting for you</h2>')
  expect(page).not.toContain('Broken now')
  expect(pages['overview']).not.toContain('Waiting for you')
})

test('the overview says who acts, since when and what to do', () => {
  const page = pages['overview']!
  expect(page).toContain('3 things need attention')
  expect(page).toContain('Connection: ana@contoso.example')
  expect(page).toContain('Who must act: Mailbox owner')
  expect(page).toContain('(2 hours ago)')
  expect(page).toContain('must open a reconnect link')
})

test('O8: what has a day that is known beforehand stands apart and is not counted as broken', () => {
  const coming: AttentionItem = {
    ...{ tenant: '~', kind: 'platform', id: 'node@22', since: '', code: 'platform_ends_in_90', class: 'needs-admin' },
    ...{ whoActs: 'Gateway operator', description: 'Node.js 22 ends.', remedy: 'Deploy 24.', peerLine: '' },
    ...{ mailboxId: '', connectionId: '', subject: 'Node.js 22', actions: [] },
  }
  const shown = (attention: AttentionItem[]) =>
    allTenantsPage(sampleView({ role: 'operator' }, { tenant: '~' }), {
      broken: { attention, next: '' },
      tenants: [{ id: 'acme', name: 'Acme Ltd' }],
      health: { ok: true, checks: [] },
      pages: { query: new URLSearchParams(), next: '' },
    })
  expect(shown([coming])).toMatch(
    /<h1>Nothing is broken<\/h1>[\s\S]*all well[\s\S]*To do before a date[\s\S]*Node.js 22/,
  )
  const both = shown([coming, { ...coming, tenant: 'acme', kind: 'webhook', code: 'http_500' }])
  expect(both).toMatch(/1 thing needs attention[\s\S]*Broken now[\s\S]*Webhook[\s\S]*To do before a date/)
  expect(both).toContain('1 broken')
})

test('O11: no page says that all is well while a mailbox fails', () => {
  const failing = {
    id: 'm',
    address: 'a@b.example',
    active: true,
    attention: [],
    sending: { refusedMails: 0, lastRefused: '' },
  }
  const page = overviewPage(sampleView(), {
    broken: { attention: [], next: '' },
    boxes: { mailboxes: [{ ...failing, health: 'failing' }], next: '' },
    openMails: [],
  })
  expect(page).not.toContain('all well')
  expect(page).toContain('1 mailbox does not work at the moment')
})

test('O13: logs and pages speak of no raw field names', () => {
  const rows = [
    {
      at: new Date(now).toISOString(),
      outcome: 'not-imported',
      handedOver: 2,
      quarantined: 1,
      resynced: true,
      failures: 3,
      v: 1,
      unheardOf: 'x',
    },
    { at: new Date(now).toISOString(), action: 'console-test-mail', subject: 'm1', keyId: 'k1', role: 'app' },
  ]
  const pages = { query: new URLSearchParams(), next: '' }
  const page = logsPage(sampleView(), {
    log: 'receiving',
    day: '',
    failed: false,
    mailboxId: '',
    requestId: '',
    rows,
    mailboxes: [],
    pages,
  })
  for (const words of [
    'not imported',
    'mails received: 2',
    'position found again: yes',
    'test mail (console)',
    'API key: k1',
  ])
    expect(page).toContain(words)
  for (const raw of ['handedOver', 'handed over:', 'unheard', 'keyId', 'key id', 'console-'])
    expect(page).not.toContain(`>${raw}`)
  for (const [name, shown] of Object.entries(samplePages()))
    expect(shown.replace(/<[^>]+>|Code \S+/g, ' '), name).not.toMatch(
      /needs-(admin|reconnect)|handing-over|handed-over/,
    )
})

test('an empty tenant is told what to do next', () => {
  expect(pages['empty-overview']).toContain('Connect the first one')
  expect(pages['empty-mails']).toContain('No mail is waiting')
  // N11: a newcomer whose mail has left finds it in one click.
  expect(pages['empty-mails']).toMatch(/href="\/console\/mails\?all=true[^"]*">Show finished mail/)
  expect(pages['empty-logs']).toContain('Choose another day')
})

test('where nothing is broken, operators and tenants are told where to look on', () => {
  const quiet = allTenantsPage(sampleView({ role: 'operator' }, { tenant: '~' }), {
    broken: { attention: [], next: '' },
    pages: { query: new URLSearchParams(), next: '' },
    tenants: [{ id: 'acme', name: 'Acme Ltd' }],
    health: { ok: true, checks: [] },
  })
  expect(quiet).toContain('Choose a tenant to see its mail and logs.')
  expect(quiet).not.toContain('under Mails')
  expect(pages['empty-overview']).toContain('Open mail is under Mails')
})

test('the reconnect link is shown to copy, not to click', () => {
  expect(pages['reconnect']).toContain('readonly value="https://mail.example/connect/x.y"')
  expect(pages['reconnect']).not.toContain('href="https://')
})

test.each([
  ['queued', true, ['Release', 'Cancel']],
  ['queued', false, ['Cancel']],
  ['waiting', false, ['Retry now', 'Cancel']],
  ['failed', false, ['Retry now']],
  ['sending', false, []],
  ['sent', false, []],
  ['cancelled', false, []],
  ['unknown', false, ['Decide']],
] as const)('a mail that is %s (held %s) offers %j', (state, held, expected) => {
  const shown = mailActions(sampleView(), { id: 'x', state, held, lookUpAt: '', plannedAt: '' }).text
  expect([...shown.matchAll(/>([A-Z][a-z ]+)<\//g)].map((found) => found[1])).toEqual(expected)
})

test('a role without the permission sees no button', () => {
  const shown = mailActions(sampleView({}, { may: () => false }), {
    id: 'x',
    state: 'waiting',
    held: false,
    lookUpAt: '',
    plannedAt: '',
  }).text
  expect(shown).toBe('')
})

test('M-071: a mailbox has one state in words', () => {
  const way = { transport: 'graph', failures: 0 }
  const well = {
    active: true,
    connectionStates: ['connected'],
    attention: [],
    receiving: way,
    sending: { ...way, gate: 'open' },
  }
  const state = (change: object, ends?: { at: string; now: number }): string =>
    mailboxState({ health: mailboxHealth({ ...well, ...change }) }, ends).text.replace(/<[^>]+>/g, '')
  const trouble = (kind: string, errorClass: string, code = 'x') => ({ attention: [{ kind, class: errorClass, code }] })
  expect(state({})).toBe('working')
  expect(state({ active: false, connectionStates: ['needs-admin'] })).toBe('paused')
  expect(state({ connectionStates: ['connected', 'needs-reconnect'] })).toBe('owner must reconnect')
  expect(state({ connectionStates: ['needs-admin'] })).toBe('administrator must act')
  expect(state({ connectionStates: [] })).toBe('not connected')
  expect(state({ sending: { ...way, gate: 'closed' } })).toBe('sending stopped')
  expect(state({ receiving: { ...way, failures: 2 } })).toBe('failing')
  expect(state(trouble('mailbox-send', 'needs-admin'))).toBe('administrator must act')
  expect(state(trouble('mailbox-send', 'permanent'))).toBe('failing')
  expect(state(trouble('mail-unknown', 'permanent'))).toBe('working')
  expect(state(trouble('registration', 'needs-admin', 'secret_expires_in_7'))).toBe('working')
  const now = Date.parse('2026-11-21T12:00:00Z')
  const at = (days: number) => ({ at: new Date(now + days * 86_400_000).toISOString(), now })
  expect(state({}, at(29))).toBe('expiring')
  expect(state({}, at(31))).toBe('working')
  expect(state({ connectionStates: ['needs-admin'] }, at(29))).toBe('administrator must act')
})

test('O13: times are absolute in UTC and relative', () => {
  expect(relative(0)).toBe('now')
  expect(relative(-5 * 60_000)).toBe('5 minutes ago')
  expect(relative(1_000)).toBe('in 1 second')
  expect(relative(-60_000)).toBe('1 minute ago')
  expect(relative(3 * 3_600_000)).toBe('in 3 hours')
  expect(relative(-72 * 3_600_000)).toBe('3 days ago')
  const at = new Date(now - 53_000).toISOString()
  expect(when(at, now).text).toContain('title="2026-11-21 14:02:07 UTC"')
  expect(exactly(at, now).text).toContain('>2026-11-21 14:02:07 UTC<')
  expect(when(now - 60_000, now).text).toContain('2026-11-21 14:02 UTC')
  expect(when('', now).text).toContain('never')
  expect(when('nonsense', now).text).toContain('never')
  expect(when(1e20, now).text).toContain('never')
})
