import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { apiClient } from '../../local/api-client.js'
import { type Azurite, startAzurite } from '../../local/azurite.js'
import { demoTenant } from '../../local/demo-tenant.js'
import { type Stack, startStack } from '../../local/stack.js'
import { connectBoth } from '../support/soak/crash-run.js'
import { type StorageProxy, startStorageProxy } from '../support/storage/storage-proxy.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const outageMs = 3_000
let azurite: Azurite
let proxy: StorageProxy
let stack: Stack
let logged: { level: string; message: string }[] = []

beforeAll(async () => {
  azurite = await startAzurite()
  proxy = await startStorageProxy(azurite.connectionString)
  const { connectionString } = proxy
  stack = await startStack({
    root,
    settings: { MailStorage: connectionString, AzureWebJobsStorage: connectionString },
    onLog: (line) => logged.push(line),
  })
}, 120_000)

afterAll(async () => {
  await stack?.stop()
  await proxy?.stop()
  await azurite?.stop()
}, 60_000)

test('REL-28: storage is gone for a while under load: 503 with a time to come back, nothing lost or doubled, no restart', async () => {
  const tenant = await demoTenant(stack)
  const app = apiClient(stack.url, tenant.appKey)
  const [, mailboxId] = await connectBoth(apiClient(stack.url, tenant.adminKey), app)
  const { pid } = stack.host()
  const answers: { status: number; code?: string; retryAfter: string | null; ms: number }[] = []
  const submit = async (subject: string): Promise<string> => {
    for (;;) {
      const started = performance.now()
      const response = await fetch(`${stack.url}/api/v1/mails`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tenant.appKey}`,
          'content-type': 'application/json',
          'idempotency-key': subject,
        },
        body: JSON.stringify({ mailboxId, to: ['ben@contoso.example'], subject, text: 'Sent around an outage.' }),
      })
      const body = (await response.json()) as { id: string; code?: string }
      const retryAfter = response.headers.get('retry-after')
      answers.push({
        status: response.status,
        ...(body.code ? { code: body.code } : {}),
        retryAfter,
        ms: performance.now() - started,
      })
      if (response.ok) return body.id
      await delay(200)
    }
  }
  const arrived = () => stack.smtp.mails.map(({ raw }) => /^Subject: (.*)\r$/m.exec(String(raw))?.[1] ?? '')
  const ids: Promise<string>[] = []
  for (let n = 0; n < 10; n++) ids.push(submit(`before-${n}`))
  await expect.poll(() => arrived().length, { timeout: 60_000 }).toBeGreaterThan(0)

  logged = []
  proxy.fault = (_path, method) => (method.length % 2 === 0 ? 503 : 'reset')
  for (let n = 0; n < 10; n++) ids.push(submit(`during-${n}`))
  await delay(outageMs)
  const errors = logged.filter(({ level }) => level === 'error')
  const refused = answers.filter(({ status }) => status >= 400)
  proxy.fault = undefined

  for (const id of await Promise.all(ids)) {
    const state = async () => (await app.call<{ state: string }>('GET', `v1/mails/${id}`)).state
    await expect.poll(state, { timeout: 60_000, interval: 200 }).toBe('sent')
  }
  expect(new Set(arrived()).size).toBe(20)
  expect(arrived()).toHaveLength(20)
  expect(stack.host().pid).toBe(pid)
  expect(refused.length).toBeGreaterThan(0)
  for (const answer of refused) {
    expect(answer).toMatchObject({
      status: 503,
      code: 'storage_unavailable',
      retryAfter: expect.stringMatching(/^\d+$/),
    })
    expect(answer.ms).toBeLessThan(20_000)
  }
  // One line per refused request at most, and nothing that repeats by itself.
  expect(errors.length, JSON.stringify(errors.slice(0, 20), undefined, 1)).toBeLessThanOrEqual(refused.length + 20)
}, 240_000)
