import { expect, test } from 'vitest'
import type { ApiClient } from '../../local/api-client.js'
import { terminalNews } from '../../local/terminal-news.js'

/** The API as far as it is asked; what is not in `answers` is refused. */
function harness(answers: Record<string, unknown> = {}) {
  const said: string[] = []
  let now = 1_000_000
  const answer = (path: string): unknown => {
    if (!(path in answers)) throw new Error(`not found: ${path}`)
    return answers[path]
  }
  // As the gateway: an operator without a tenant reads what needs attention of everybody.
  const api = (tenant = ''): ApiClient => ({
    call: async <T>(_method: string, path: string) => answer(path) as T,
    list: async <T>(path: string) => answer(`${tenant} v1/${path}`) as T[],
  })
  const hear = terminalNews({ url: 'http://gw', api, say: (line) => said.push(line), now: () => now })
  return {
    said,
    answers,
    later: (ms: number) => {
      now += ms
    },
    line: (message: string, level = 'information', category = 'Console') => hear({ level, category, message }),
    event: (event: string, fields: object = {}, level = 'info') =>
      hear({ level: 'information', category: 'Console', message: JSON.stringify({ event, level, ...fields }) }),
    /** Look-ups are answered in the next turn. */
    settled: () => new Promise((resolve) => setImmediate(resolve)),
  }
}

const refused = {
  tenant: 'demo',
  mailboxId: 'b1',
  mailId: 'm1',
  state: 'failed',
  attempt: 1,
  code: 'smtp_550',
  class: 'permanent',
}

test('N5: a refused mail is one line: whose, the code, the first sentence of the remedy, the page', async () => {
  const h = harness({
    'v1/mails/m1': { lastError: { remedy: 'Correct the address. Then send again.' } },
    'v1/mailboxes/b1': { address: 'ana@contoso.example' },
  })
  h.event('mail-attempt', refused)
  await h.settled()
  expect(h.said).toEqual([
    '  ! mail refused · ana@contoso.example · smtp_550 → Correct the address.  http://gw/console/mails/m1?tenant=demo',
  ])
  h.event('mail-attempt', { ...refused, mailId: 'm2', state: 'sent', code: 'sent' })
  await h.settled()
  expect(h.said).toHaveLength(1)
})

test('N5: what needs somebody is told once, and again only when it is new', async () => {
  const item = {
    tenant: 'demo',
    kind: 'connection',
    id: 'c1',
    code: 'aadsts_50173',
    whoActs: 'Mailbox owner',
    subject: 'ana@contoso.example',
    mailboxId: 'b1',
    description: 'The sign-in was revoked. It happens.',
    remedy: 'The owner signs in again.',
  }
  const h = harness({ '~ v1/attention': [item] })
  h.event('connection-changed', { tenant: 'demo', connectionId: 'c1' }, 'warn')
  await h.settled()
  h.event('polls-ran', { mailboxes: 2, failed: 1, quarantined: 0 })
  await h.settled()
  h.event('polls-ran', { mailboxes: 2, failed: 0, quarantined: 0 })
  await h.settled()
  expect(h.said).toEqual([
    '  ! Mailbox owner must act: The sign-in was revoked. · ana@contoso.example · aadsts_50173 → The owner signs in again.  http://gw/console/mailboxes/b1?tenant=demo',
  ])
  h.answers['~ v1/attention'] = [item, { ...item, kind: 'message', id: 'q1', code: 'message_buried', mailboxId: '' }]
  h.event('message-buried', { queue: 'mail-send' }, 'error')
  await h.settled()
  expect(h.said).toHaveLength(2)
  expect(h.said[1]).toContain('message_buried')
  // Of the deployment itself, too; what nobody must do is not asked of anybody; a mail told of itself already.
  h.answers['~ v1/attention'] = [
    { ...item, tenant: '~', kind: 'platform', id: 'node@22', code: 'platform_ends_in_183' },
    {
      ...item,
      kind: 'mailbox-receive',
      id: 'b2',
      class: 'transient',
      whoActs: 'Nobody: the gateway retries automatically',
    },
    { ...item, kind: 'mailbox-send', id: 'b3' },
  ]
  h.event('polls-ran', { mailboxes: 2, failed: 1, quarantined: 0 })
  await h.settled()
  expect(h.said).toHaveLength(4)
  expect(h.said[2]).toContain('platform_ends_in_183')
  expect(h.said[3]).toMatch(/^ {2}! The sign-in was revoked\. · ana/)
})

test('N5: a refused sign-in is told with the words of the catalogue, a repeated key with the earlier mail', async () => {
  const h = harness({ 'v1/sign-ins/s1': { address: 'blocked@contoso.example' } })
  h.event('sign-in-refused', { tenant: 'demo', signInId: 's1', code: 'aadsts_53003' }, 'warn')
  h.event('mail-repeated', { tenant: 'demo', mailId: 'm1' })
  await h.settled()
  expect(h.said.find((line) => line.includes('sign-in refused'))).toMatch(
    /blocked@contoso\.example · aadsts_53003 → \S/,
  )
  expect(h.said.find((line) => line.includes('Idempotency-Key'))).toContain('/console/mails/m1')
})

test('N5: a function that throws is told with its place and without a secret; ordinary lines are not told', () => {
  const h = harness()
  h.line(
    "Executed 'Functions.mail-send' (Failed, Id=1, Duration=5ms)\nError: Bearer abcdefghijklmnop1234567890 is wrong\n    at f (lib/x.ts:1:2)",
    'error',
    'Function.mail-send',
  )
  h.line('Listening', 'information', 'Host')
  h.line('a warning of Node', 'warning')
  expect(h.said).toHaveLength(1)
  expect(h.said[0]).toMatch(/function mail-send failed: Error: .*lib\/x\.ts:1:2/)
  expect(h.said[0]).not.toContain('abcdefghijklmnop')
})

test('N5: it never floods: a failure once a minute, twenty lines a minute, the rest is counted', async () => {
  const h = harness()
  for (let again = 0; again < 50; again++) h.line('boom', 'error', 'Host')
  expect(h.said).toEqual(['  ! boom'])
  for (let other = 0; other < 50; other++) h.line(`boom ${other}`, 'error', 'Host')
  expect(h.said).toHaveLength(21)
  expect(h.said.at(-1)).toContain('more failures than fit here')
  h.later(60_000)
  h.line('boom', 'error', 'Host')
  expect(h.said.slice(21)).toEqual(['  ! … and 31 more; all of them: http://gw/console', '  ! boom'])
})

test('N5: a server cannot draw in the terminal', async () => {
  const h = harness({
    'v1/mails/m1': { lastError: { remedy: 'Red \u001b[31mtext\r\nand a line.' } },
    'v1/mailboxes/b1': { address: 'ana@contoso.example' },
  })
  h.event('mail-attempt', refused)
  await h.settled()
  expect(h.said[0]).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
})
