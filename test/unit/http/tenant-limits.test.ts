import { HttpRequest, type InvocationContext } from '@azure/functions'
import { describe, expect, test } from 'vitest'
import { tenantSettings } from '../../../lib/config/tenant-settings.js'
import { apiHandler } from '../../../lib/http/api/api-handler.js'
import { operations } from '../../../lib/http/api/operations.js'
import { tenantLimits } from '../../../lib/http/api/tenant-limits.js'
import { jsonBody } from '../../../lib/http/request/json-body.js'

const limits = { requestsPerMinute: 50, mailsPerMinute: 20, mailBytesPerMinute: 10_000, connectsPerMinute: 3 }

function site() {
  let now = 1_000_000
  let handled = 0
  const gateway = {
    authenticate: async (tenant: string) => ({ role: 'app' as const, tenant, keyId: 'k' }),
    readTenant: async () => ({}),
    audit: async () => {},
    admit: tenantLimits(limits, () => now),
  }
  const submit = apiHandler(
    async () => gateway,
    operations.mailSubmit,
    async () => {
      handled++
      return { id: '', state: 'queued' as const, held: false, created: true }
    },
  )
  const connect = apiHandler(
    async () => gateway,
    operations.mailboxPoll,
    async () => ({ queued: true as const }),
  )
  const list = apiHandler(
    async () => gateway,
    operations.mailList,
    async () => ({ mails: [], next: '' }),
  )
  const context = { error: () => {}, info: () => {} } as unknown as InvocationContext
  const call = (tenant: string, handler: typeof list, body?: object) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = { authorization: `Bearer ${tenant}`, ...(text ? { 'content-length': String(text.length) } : {}) }
    const request = { method: text ? 'POST' : 'GET', url: 'http://localhost/x', headers }
    return handler(new HttpRequest({ ...request, ...(text ? { body: { string: text } } : {}) }), context) as Promise<{
      status: number
      headers: Record<string, string>
      body: string
    }>
  }
  const mail = (text = 'x') => ({ to: ['a@b.example'], text })
  return {
    call,
    submit: (tenant: string, text?: string) => call(tenant, submit, mail(text)),
    connect: (tenant: string) => call(tenant, connect),
    list: (tenant: string) => call(tenant, list),
    pass: (ms: number) => {
      now += ms
    },
    handled: () => handled,
  }
}

test('A3: by default one tenant has a fifth of a core read for it, by bytes, and the next tenant is not asked to wait', () => {
  const byDefault = Object.fromEntries(tenantSettings.map(({ name, default: value }) => [name, Number(value)]))
  const mailBytesPerMinute = byDefault['TENANT_MAIL_MEGABYTES_PER_MINUTE']! * 1_000_000
  const admit = tenantLimits({ ...limits, mailsPerMinute: 10_000, mailBytesPerMinute }, () => 0)
  const accepted = (tenant: string) => {
    let count = 0
    try {
      for (; count < 50; count++) admit(tenant, 'mail', 60_000_000)
    } catch (error) {
      expect(error).toMatchObject({ code: 'too_many_requests', status: 429 })
    }
    return count
  }
  // Measured in docs/performance.md, row B1: 22 ms of a core for a megabyte of the slowest mail there is.
  expect(accepted('loud') * 60 * 22).toBeLessThan(60_000 / 5)
  expect(accepted('quiet')).toBeGreaterThan(0)
})

test('A3: a mail that does not say how long it is passes on no host, and nothing of it is read', async () => {
  let read = false
  const request = {
    headers: new Headers({ 'content-type': 'application/json', 'transfer-encoding': 'chunked' }),
    arrayBuffer: async () => {
      read = true
      return Buffer.from('{}')
    },
  } as unknown as HttpRequest
  await expect(jsonBody(request, operations.mailSubmit.maxBytes)).rejects.toMatchObject({ status: 411 })
  expect(read).toBe(false)
})

describe('SEC-43: a flood of one tenant', () => {
  test('is answered with 429, Retry-After and a code, reaches nothing, and leaves the other tenant alone', async () => {
    const at = site()
    const flood = await Promise.all(Array.from({ length: 40 }, () => at.submit('acme')))
    expect(flood.filter(({ status }) => status === 202)).toHaveLength(limits.mailsPerMinute)
    expect(at.handled()).toBe(limits.mailsPerMinute)
    const refused = flood.find(({ status }) => status === 429)!
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'too_many_requests', class: 'transient' })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60)
    for (let n = 0; n < limits.mailsPerMinute; n++) expect((await at.submit('other')).status).toBe(202)
    at.pass(Number(refused.headers['retry-after']) * 1000)
    expect((await at.submit('acme')).status).toBe(202)
  })

  test('counts bytes, connection attempts and all requests each for itself', async () => {
    const at = site()
    expect((await at.submit('big', 'x'.repeat(6_000))).status).toBe(202)
    expect((await at.submit('big', 'x'.repeat(6_000))).status).toBe(429)
    expect((await at.submit('big', 'x')).status).toBe(202)
    const attempts = [1, 2, 3, 4].map(() => at.connect('scan'))
    expect((await Promise.all(attempts)).map(({ status }) => status)).toEqual([200, 200, 200, 429])
    for (let n = 0; n < limits.requestsPerMinute; n++) expect((await at.list('busy')).status).toBe(200)
    expect((await at.list('busy')).status).toBe(429)
    expect((await at.list('calm')).status).toBe(200)
  })

  test('a single mail above the bytes of a minute is judged by its own limit', async () => {
    expect((await site().submit('one', 'x'.repeat(20_000))).status).toBe(202)
  })
})
