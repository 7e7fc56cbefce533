// More than 300 lines: one running gateway is attacked by all of these, and the last test judges what all of them left.
/** Somebody who controls a mailbox, a message, a key of another tenant or a queue, against the running gateway. */
import { request } from 'node:http'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { QueueServiceClient } from '@azure/storage-queue'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Operation } from '../../lib/http/api/operation.js'
import { operations } from '../../lib/http/api/operations.js'
import { hashId } from '../../lib/model/ids.js'
import { type ApiClient, ApiError, apiClient } from '../../local/api-client.js'
import { Browser } from '../../local/browser.js'
import { connectPostbox } from '../../local/demo.js'
import { type DemoTenant, demoTenant, demoTenantId } from '../../local/demo-tenant.js'
import { postbox, type Stack, startStack } from '../../local/stack.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const errors: string[] = []
let stack: Stack
let tenant: DemoTenant
let admin: ApiClient
let mailboxId: string

beforeAll(async () => {
  const settings = { TENANT_CONNECTS_PER_MINUTE: '10' }
  stack = await startStack({
    root,
    settings,
    onLog: ({ level, message }) => void (level === 'error' && errors.push(message)),
  })
  tenant = await demoTenant(stack)
  admin = apiClient(stack.url, tenant.adminKey)
  await connectPostbox(admin)
  mailboxId = (await admin.list<{ id: string }>('mailboxes'))[0]!.id
}, 60_000)
afterAll(() => stack?.stop(), 30_000)

const statusOf = (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => 200,
    (error: unknown) => (error instanceof ApiError ? error.status : 0),
  )
const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((done) => setTimeout(done, 100))) {
    const found = await look()
    if (found !== undefined) return found
  }
  throw new Error(`waited in vain for ${what}`)
}

const tricks = [
  '~',
  'DEMO',
  "x' or PartitionKey ne 'y",
  '../other',
  '%2e%2e%2fother',
  'a%00b',
  '%E2%80%AE',
  'a'.repeat(500),
  'setting~tenant',
]

const refusals = [400, 403, 404, 409]

test('SEC-17 SEC-21 SEC-22: no spelling of an id or parameter is a fault, reaches a row or widens a list', async () => {
  // Without what polls write meanwhile.
  const mailboxes = async () =>
    (await admin.list<Record<string, unknown>>('mailboxes')).map(
      ({ receiving: _receiving, sending: _sending, ...chosen }) => chosen,
    )
  const before = await mailboxes()
  for (const operation of Object.values(operations) as Operation[]) {
    if (!operation.route.includes('{') || operation.limited === 'connect') continue
    const statuses = await Promise.all(
      tricks.slice(0, 5).map((trick) => {
        const path = operation.route
          .replace(/^api\//, '')
          .replace(/\{\w+\}/g, trick.includes('%') ? trick : encodeURIComponent(trick))
        const body = operation.name === 'mailbox-change' ? { active: false } : operation.body ? {} : undefined
        return statusOf(admin.call(operation.method, path, body))
      }),
    )
    for (const [at, status] of statuses.entries())
      expect(refusals, `${operation.name} with ${tricks[at]}`).toContain(status)
  }
  for (const trick of tricks) {
    const named = encodeURIComponent(decodeURIComponent(trick))
    for (const path of [
      `v1/mails?mailbox=${named}`,
      `v1/logs?mailbox=${named}`,
      `v1/logs?log=${named}`,
      `v1/logs?day=${named}`,
    ]) {
      const answer = await admin
        .call<{ mails?: unknown[] } | unknown[]>('GET', path)
        .catch((error: ApiError) => error.status)
      expect(typeof answer === 'number' ? answer : ((answer as { mails?: unknown[] }).mails ?? answer), path).toEqual(
        typeof answer === 'number' ? 400 : [],
      )
    }
  }
  expect(await mailboxes()).toEqual(before)
}, 120_000)

test('SEC-17: no spelling of a tenant names another one, and none of them can be made', async () => {
  const operator = apiClient(stack.url, stack.operatorKey())
  for (const id of [
    '~',
    'Demo',
    'demo~',
    'demo~x',
    'ｄｅｍｏ',
    'dеmo',
    '-demo',
    'de--mo',
    'demo/..',
    '',
    'a'.repeat(33),
  ]) {
    expect(await statusOf(operator.call('POST', 'v1/tenants', { id, name: 'x' })), id).toBe(400)
    const asTenant = { 'x-tenant': /^[\x20-\x7e]*$/.test(id) ? id : encodeURIComponent(id) }
    expect([400, 404], id).toContain(await statusOf(operator.call('GET', 'v1/mailboxes', undefined, asTenant)))
  }
  // Who belongs to one tenant and names another is refused, and never answered with its own.
  expect(await statusOf(admin.call('GET', 'v1/tenant', undefined, { 'x-tenant': 'other' }))).toBe(403)
  const own = await admin.call<{ id: string }>('GET', 'v1/tenant', undefined, { 'x-tenant': tenant.tenant })
  expect(own.id).toBe(tenant.tenant)
  for (const key of [
    tenant.appKey.replace('demo', 'DEMO'),
    tenant.appKey.replace('demo', '~'),
    `${tenant.appKey}x`,
    `${tenant.appKey} `.repeat(2),
  ])
    expect(await statusOf(apiClient(stack.url, key.trim()).call('GET', 'v1/mailboxes'))).toBe(401)
})

test('SEC-27 SEC-29: nothing in a submission becomes a command, a header, a file or a request', async () => {
  const sent = stack.smtp.mails?.length ?? 0
  const base = { mailboxId, to: ['ben@contoso.example'], subject: 's', text: 'x' }
  const bad: object[] = [
    { to: ['b@x>\r\nRCPT TO:<evil@x.example'] },
    { to: ['b@x.example\nBcc: evil@x.example'] },
    { to: [{ address: 'b@x.example', name: 'x\r\nBcc: evil@x.example' }] },
    { subject: 's\r\nBcc: evil@x.example' },
    { subject: 's\u2028Bcc: evil' },
    { headers: { 'X-A': 'a\r\nBcc: evil@x.example' } },
    { headers: { 'X-A\r\nBcc': 'evil@x.example' } },
    { headers: { Bcc: 'evil@x.example' } },
    { headers: { 'Content-Type': 'text/html' } },
    { replyTo: 'a@b.example\r\nX: y' },
    { from: 'boss@other.example' },
    { text: { path: '/etc/hostname' } },
    { html: { href: `${stack.url}/api/health` } },
    { attachments: [{ filename: 'a', path: '/etc/hostname' }] },
    { attachments: [{ filename: '../../a', content: '' }] },
    { attachments: [{ filename: 'a"; x="', contentType: 'text/html\r\nX: y', content: '' }] },
    { raw: Buffer.from('From: boss@other.example\r\n\r\nx').toString('base64'), subject: '', text: undefined },
  ]
  for (const over of bad)
    expect([400, 422], JSON.stringify(over)).toContain(
      await statusOf(admin.call('POST', 'v1/mails', { ...base, ...over })),
    )
  for (const key of ['a\u00e9', 'x'.repeat(201)])
    expect(
      await statusOf(
        admin
          .call('POST', 'v1/mails', base, { 'idempotency-key': encodeURI(key) })
          .catch((error) => Promise.reject(error)),
      ),
    ).toBeLessThan(500)
  expect(stack.smtp.mails?.length ?? 0).toBe(sent)
})

test('SEC-20 SEC-32: a received mail full of markup is text in the console and a download in the API', async () => {
  const script = '<script>alert(1)</script>'
  const raw = [
    `From: "${script}" <"><img src=x onerror=alert(1)>"@evil.example>`,
    `To: ${postbox.address}`,
    `Subject: ${script}\u202e`,
    'Message-ID: <../../x@evil.example>',
    'Content-Type: text/html',
    '',
    `<html>${script}<form action="https://evil.example"></html>`,
  ].join('\r\n')
  stack.imap.deliver(postbox.address, Buffer.from(raw))
  await admin.call('POST', `v1/mailboxes/${mailboxId}/poll`)
  const mail = await until('the mail', async () => {
    const { mails } = await admin.call<{ mails: { id: string }[] }>('GET', `v1/mailboxes/${mailboxId}/received`)
    return mails[0]
  })
  const browser = new Browser()
  const page = await browser.submit(await browser.open(`${stack.url}/console`), 'name="key"', { key: tenant.adminKey })
  expect(page.status).toBe(200)
  for (const path of [
    '',
    '/mailboxes',
    `/mailboxes/${mailboxId}`,
    '/mails',
    '/logs?log=receiving',
    `/logs?mailbox=${encodeURIComponent(script)}`,
  ]) {
    const { html, status } = await browser.open(`${stack.url}/console${path}`)
    expect(status, path).toBeLessThan(500)
    expect(html, path).not.toMatch(/<script|<img|<[^>]*onerror|"https?:\/\/evil|\u202e/i)
  }
  expect((await browser.open(`${stack.url}/console/mailboxes/${mailboxId}`)).html).toContain('&lt;script&gt;')
  const response = await fetch(`${stack.url}/api/v1/mailboxes/${mailboxId}/received/${mail.id}/raw`, {
    headers: { authorization: `Bearer ${tenant.adminKey}` },
  })
  expect(response.headers.get('content-disposition')).toMatch(/^attachment/)
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  expect(await response.text()).toContain(script)
})

test('SEC-18 REL-10: forged queue messages send nothing and stop nothing', async () => {
  const sent = stack.smtp.mails?.length ?? 0
  const queues = QueueServiceClient.fromConnectionString(stack.connectionString)
  const foreign = { v: 1, tenant: 'other', mailboxId, connectionId: mailboxId, endpointId: mailboxId }
  const forged: unknown[] = [
    null,
    [],
    'text',
    { v: 1 },
    { v: 1, tenant: '~', mailboxId },
    { v: 1, tenant: 'demo~x', mailboxId: '../x' },
    { v: 1, tenant: "demo' or '1' eq '1", mailboxId, connectionId: "'", endpointId: "'" },
    foreign,
    { v: 1, mailboxes: [foreign], connections: [foreign] },
    { v: 1, mailboxes: Array.from({ length: 250 }, () => foreign) },
    { v: 1, tenant: 'demo', blob: '../other/x' },
    { v: 1, tenant: 'demo', blob: 'other/x' },
    { v: 1, tenant: 'nobody', mail: { to: ['a@b.example'], text: 'x' } },
    JSON.parse('{"v":1,"tenant":"demo","mail":{"__proto__":{"to":["a@b.example"]},"text":"x"}}'),
  ]
  const names = ['outbound-mail', 'mail-send', 'mailbox-poll', 'connection-refresh', 'webhook'].map(
    (name) => `mbg-${name}`,
  )
  for (const name of names)
    for (const message of forged)
      await queues.getQueueClient(name).sendMessage(Buffer.from(JSON.stringify(message)).toString('base64'))
  for (const name of names) await queues.getQueueClient(name).sendMessage('not base64 {')
  // The others are given up by the host after five tries, and buried.
  for (const name of names.slice(0, 2))
    await until(`${name} to be empty`, async () => {
      const { approximateMessagesCount = 0 } = await queues.getQueueClient(name).getProperties()
      return approximateMessagesCount === 0 || undefined
    })
  expect(stack.smtp.mails?.length ?? 0).toBe(sent)
  const { id } = await admin.call<{ id: string }>('POST', 'v1/mails', {
    mailboxId,
    to: ['ben@contoso.example'],
    text: 'after',
  })
  await until('a mail after the flood', async () => {
    const { state } = await admin.call<{ state: string }>('GET', `v1/mails/${id}`)
    return state === 'sent' || undefined
  })
  stack.imap.deliver(postbox.address, 'From: a@b.example\r\nSubject: after\r\n\r\nx')
  await admin.call('POST', `v1/mailboxes/${mailboxId}/poll`)
  await until('a mail received after the flood', async () => {
    const { mails } = await admin.call<{ mails: unknown[] }>('GET', `v1/mailboxes/${mailboxId}/received`)
    return mails.length > 1 || undefined
  })
}, 60_000)

test('host 8, REL-10: JSON put on a queue without base64 is taken; what nobody can read is a row', async () => {
  const queues = QueueServiceClient.fromConnectionString(stack.connectionString)
  const outbound = queues.getQueueClient('mbg-outbound-mail')
  const mail = { mailboxId, to: ['kim@example.com'], subject: 'from the queue', text: 'x' }
  await outbound.sendMessage(JSON.stringify({ v: 1, tenant: demoTenantId, idempotencyKey: 'plain-1', mail }))
  await until('the mail of the plain message', async () => {
    const { state } = await admin
      .call('GET', `v1/mails/${hashId('mbg', demoTenantId, 'plain-1')}`)
      .catch(() => ({}) as never)
    return state === 'sent' || undefined
  })
  await outbound.sendMessage('{"v":1,"tenant":')
  // A poison queue that somebody filled by hand, or that an earlier version left behind.
  await queues.getQueueClient('mbg-mailbox-poll-poison').sendMessage('{"left":')
  const operator = apiClient(stack.url, stack.operatorKey(), '~')
  for (const [queue, log] of [
    ['outbound-mail', 'sending'],
    ['mailbox-poll', 'receiving'],
  ])
    await until(`the row of ${queue}`, async () => {
      const rows = JSON.stringify(await operator.call('GET', `v1/logs?log=${log}`))
      return (
        rows.includes(`The gateway removed a message from the queue ${queue}: it is not JSON as it is`) || undefined
      )
    })
  for (const queue of ['mbg-outbound-mail-poison', 'mbg-mailbox-poll-poison'])
    expect((await queues.getQueueClient(queue).getProperties()).approximateMessagesCount).toBe(0)
}, 60_000)

describe('what the real host does with requests, and what callers learn', () => {
  const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    new Promise<{ status: number; allow: string | undefined; text: string }>((done, fail) => {
      const call = request(`${stack.url}${path}`, { method, headers }, async (response) => {
        let text = ''
        for await (const part of response) text += String(part)
        done({ status: response.statusCode ?? 0, allow: response.headers['allow'], text })
      })
      call.on('error', fail)
      // Without Content-Length Node sends it chunked.
      if (body !== undefined) call.write(body)
      call.end()
    })

  test('host 1: a chunked body, as .NET sends it, is answered with 411 and the remedy; counted it is taken', async () => {
    const headers = { authorization: `Bearer ${tenant.appKey}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ to: ['ben@contoso.example'], text: 'x', hold: true })
    const chunked = await ask('POST', '/api/v1/mails', headers, body)
    expect([chunked.status, JSON.parse(chunked.text).code]).toEqual([411, 'length_required'])
    expect(JSON.parse(chunked.text).detail).toContain('LoadIntoBufferAsync')
    const counted = { ...headers, 'content-length': String(body.length) }
    expect((await ask('POST', '/api/v1/mails', counted, body)).status).toBe(202)
    const form = await ask('POST', '/console/sign-in', { 'content-type': 'application/x-www-form-urlencoded' }, 'key=x')
    expect([form.status, form.text.startsWith('<!')]).toEqual([411, true])
  })

  test('host 2, host 4: a wrong method, an unknown path and `/` are answered by the gateway', async () => {
    expect(await ask('HEAD', '/api/health')).toEqual({ status: 405, allow: 'GET', text: '' })
    const unknown = await ask('GET', '/api/v1/nothing')
    expect([unknown.status, JSON.parse(unknown.text).code]).toEqual([404, 'unknown_path'])
    const index = await ask('GET', '/')
    expect([index.status, index.text.includes('Mailbox Gateway')]).toEqual([200, true])
  })
})

describe('SEC-43 SEC-23: too much at once', () => {
  test('connection attempts of one tenant end with 429; another tenant and other calls continue', async () => {
    const answers = await Promise.all(
      Array.from({ length: 15 }, () => statusOf(admin.call('POST', `v1/mailboxes/${'a'.repeat(26)}/poll`))),
    )
    expect(answers).toContain(429)
    expect(await statusOf(admin.call('GET', 'v1/mailboxes'))).toBe(200)
  })

  test('an announced body above the limit is refused, a request without end harms nobody', async () => {
    const url = new URL(`${stack.url}/api/v1/mails`)
    const status = await new Promise<number>((done) => {
      const call = request(url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tenant.appKey}`,
          'content-type': 'application/json',
          'content-length': 66_000_002,
        },
      })
      call.on('response', (response) => done(response.resume().statusCode ?? 0)).on('error', () => done(0))
      const part = Buffer.alloc(1_000_000, 0x20)
      for (let n = 0; n < 66; n++) call.write(part)
      call.end('{}')
    })
    expect(status).toBe(413)
    const slow = connect(Number(url.port), 'localhost')
    slow.on('error', () => {}).write('POST /api/v1/mails HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{')
    expect(await statusOf(admin.call('GET', 'v1/mailboxes'))).toBe(200)
    slow.destroy()
  })
})

test('SEC-39 SEC-40: all of this left no fault of ours and no secret in the log', () => {
  const faults = errors.filter((line) => /"code":"unexpected"|TypeError|RangeError/.test(line))
  expect(faults).toEqual([])
  for (const secret of [tenant.appKey, tenant.adminKey, postbox.password, stack.operatorKey()])
    expect(errors.join('\n')).not.toContain(secret)
})
