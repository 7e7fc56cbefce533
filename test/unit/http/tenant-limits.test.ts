import { HttpRequest, type InvocationContext } from '@azure/functions'
import { describe, expect, test } from 'vitest'
import { apiHandler } from '../../../lib/http/api-handler.js'
import { operations } from '../../../lib/http/operations.js'
import { tenantLimits } from '../../../lib/http/tenant-limits.js'

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
  const context = { error: () => {} } as unknown as InvocationContext
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
