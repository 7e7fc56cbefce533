import { describe, expect, test } from 'vitest'
import { nextRow } from '../../../lib/http/api/next-row.js'
import { consoleMailQuery } from '../../../lib/http/console/console-mail-query.js'
import { mailsPage } from '../../../lib/pages/console/mail-pages.js'
import { pager } from '../../../lib/pages/console/pager.js'
import { sampleView } from '../../support/console/console-samples.js'

const query = (text: string) => new URLSearchParams(text)
const read = (text: string) => consoleMailQuery(query(text))

describe('O3: the search form of the console', () => {
  test('nothing asked is open mail; the form sent empty is all mail', async () => {
    expect(await read('tenant=acme&done=retry')).toMatchObject({ includeDone: false, limit: 50 })
    expect(await read('all=true&recipient=&subject=&state=&mailbox=&since=&until=')).toMatchObject({
      includeDone: true,
    })
  })

  test('says to the flow what the API would say, with the last day as part of the time', async () => {
    expect(
      await read(
        'all=true&recipient=+ana%40b.example+&state=held&metadata=a%3Ab&since=2026-01-31&until=2026-02-01&after=x&trail=-',
      ),
    ).toMatchObject({
      recipient: 'ana@b.example',
      state: 'held',
      metadata: { key: 'a', value: 'b' },
      since: Date.UTC(2026, 0, 31),
      until: Date.UTC(2026, 1, 2),
      after: 'x',
    })
  })

  test('refuses what the API refuses, in its words', async () => {
    await expect(read('all=true&recipient=ana')).rejects.toMatchObject({ field: 'recipient', status: 400 })
    await expect(read('all=true&since=31.1.2026')).rejects.toMatchObject({ field: 'since', status: 400 })
    await expect(read('all=true&since=2026-02-02&until=2026-01-01')).rejects.toMatchObject({ field: 'until' })
    await expect(read('all=true&limit=5000')).resolves.toMatchObject({ limit: 50 })
  })

  test('keeps what was asked, opens the folded fields when they are used, and says a refusal beside them', () => {
    const view = sampleView()
    const page = (text: string, problem = '') =>
      mailsPage(view, { mails: [], mailboxes: [], places: [], problem, pages: { query: query(text), next: '' } })
    expect(page('')).toContain('<h1>Open mail</h1>')
    const asked = page('all=true&recipient=ana%40b.example&metadata=a%3Ab&state=failed', 'Subjects are not kept.')
    expect(asked).toContain('<h1>Found mail</h1>')
    expect(asked).toContain('value="ana@b.example"')
    expect(asked).toContain('<option value="failed" selected>')
    expect(asked).toContain('<details open>')
    expect(asked).toContain('role="alert"><p>Subjects are not kept.')
    expect(page('all=true&recipient=ana%40b.example')).not.toContain('<details open>')
    // A refusal names a field, and the form calls it so.
    for (const field of ['recipient', 'state', 'since', 'until']) expect(asked).toContain(`name="${field}"`)
    for (const id of asked.matchAll(/<label for="(\w+)"/g)) expect(asked).toContain(`id="${id[1]}"`)
  })
})

describe('O4, D6: newer and older pages', () => {
  const view = sampleView({ role: 'operator' }, { tenant: 'acme' })
  const links = (text: string, next: string) => {
    const markup = pager(view, '/logs', { query: query(text), next })
    const found = markup === false ? [] : [...markup.text.matchAll(/rel="(\w+)" href="([^"]+)"/g)]
    return Object.fromEntries(found.map(([, rel, href]) => [rel, href!.replaceAll('&amp;', '&')])) as Record<
      string,
      string
    >
  }
  const search = (href: string): string => href.slice(href.indexOf('?') + 1)

  test('one page has no links', () => {
    expect(links('log=audit', '')).toEqual({})
  })

  test('older and back again leads through the same pages, and keeps the filters and the tenant', () => {
    const visited = ['']
    let at = 'log=audit&failed=true'
    for (const next of ['one', 'two', 'three']) {
      at = search(links(at, next)['next']!)
      visited.push(new URLSearchParams(at).get('after') ?? '')
      expect(at).toContain('log=audit')
      expect(at).toContain('tenant=acme')
    }
    const back: string[] = []
    for (let n = 0; n < 3; n++) {
      at = search(links(at, 'x')['prev']!)
      back.push(new URLSearchParams(at).get('after') ?? '')
    }
    expect(back).toEqual(visited.slice(0, -1).reverse())
    expect(links(at, 'one')['prev']).toBeUndefined()
    expect(at).toContain('failed=true')
  })

  test('the way back is bounded, and what somebody wrote into the address stays text', () => {
    let at = ''
    for (let n = 0; n < 100; n++) at = search(links(at, `place${n}`)['next']!)
    expect(at.length).toBeLessThan(400)
    const hostile = pager(view, '/logs', {
      query: query('after=%22%3E%3Cscript%3E&trail=%22%3E%3Cb%3E!x'),
      next: '"><i>',
    })
    expect(hostile === false ? '' : hostile.text).not.toMatch(/<script|<b>|<i>/)
  })

  test('a full page leads on, a shorter one is the last', () => {
    expect(nextRow([{ id: 'a' }, { id: 'b' }], 2)).toBe('b')
    expect(nextRow([{ id: 'a' }], 2)).toBe('')
    expect(nextRow([], 2)).toBe('')
  })
})
