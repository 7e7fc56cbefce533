import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { TableClient, TableServiceClient } from '@azure/data-tables'
import { BlobServiceClient } from '@azure/storage-blob'
import { QueueServiceClient } from '@azure/storage-queue'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Operation } from '../../lib/http/api/operation.js'
import { operations } from '../../lib/http/api/operations.js'
import { apiClient } from '../../local/api-client.js'
import { Browser } from '../../local/browser.js'
import { playDemo } from '../../local/demo.js'
import { type DemoTenant, demoTenant } from '../../local/demo-tenant.js'
import { demo } from '../../local/emulators/demo-directory.js'
import { postbox, type Stack, startStack } from '../../local/stack.js'
import { formsOf, scan } from '../support/general/canary-scan.js'
import { type Exchange, faultsOf, recordFetch } from '../support/http/whole-run.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const logged: string[] = []
const recorded = recordFetch()
let stack: Stack
let tenant: DemoTenant

beforeAll(async () => {
  stack = await startStack({ root, onLog: (line) => logged.push(line.message) })
  tenant = await demoTenant(stack)
}, 60_000)

afterAll(async () => {
  recorded.stop()
  await stack?.stop()
}, 30_000)

async function stored(): Promise<{ place: string; text: string }[]> {
  const found: { place: string; text: string }[] = []
  const insecure = { allowInsecureConnection: true }
  const tables = TableServiceClient.fromConnectionString(stack.connectionString, insecure)
  for await (const { name = '' } of tables.listTables())
    for await (const row of TableClient.fromConnectionString(stack.connectionString, name, insecure).listEntities())
      found.push({ place: `table ${name}`, text: JSON.stringify(row) })
  const blobs = BlobServiceClient.fromConnectionString(stack.connectionString)
  for await (const { name } of blobs.listContainers()) {
    if (name.startsWith('azure-webjobs')) continue
    const container = blobs.getContainerClient(name)
    for await (const blob of container.listBlobsFlat())
      found.push({
        place: `blob ${name}/${blob.name}`,
        text: (await container.getBlobClient(blob.name).downloadToBuffer()).toString('latin1'),
      })
  }
  const queues = QueueServiceClient.fromConnectionString(stack.connectionString)
  for await (const { name } of queues.listQueues()) {
    const { peekedMessageItems } = await queues.getQueueClient(name).peekMessages({ numberOfMessages: 32 })
    for (const message of peekedMessageItems)
      found.push({ place: `queue ${name}`, text: Buffer.from(message.messageText, 'base64').toString() })
  }
  return found
}

const unsignedToken = [{ alg: 'none' }, { upn: 'ana@contoso.example' }, { sub: 'x' }]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.')

/** Puts a secret into a table, a blob and a queue of its own; answers with how to take it out again. */
async function plant(secret: string): Promise<() => Promise<void>> {
  const table = TableClient.fromConnectionString(stack.connectionString, 'canaries', { allowInsecureConnection: true })
  const container = BlobServiceClient.fromConnectionString(stack.connectionString).getContainerClient('canaries')
  const queue = QueueServiceClient.fromConnectionString(stack.connectionString).getQueueClient('canaries')
  await Promise.all([table.createTable(), container.create(), queue.create()])
  await table.createEntity({ partitionKey: 'a', rowKey: 'a', note: `before ${secret} after` })
  await container.getBlockBlobClient('a').uploadData(Buffer.from(`before ${secret} after`))
  await queue.sendMessage(Buffer.from(JSON.stringify({ secret })).toString('base64'))
  return async () => void (await Promise.all([table.deleteTable(), container.delete(), queue.delete()]))
}

describe('the whole gateway on one machine', () => {
  test('M-040 M-050 M-057 M-059 M-072 M-100 M-102 P-05 P-09: connect, receive, send, a refusal and a reconnect, through the real pages and the real API', async () => {
    const lines: string[] = []
    const ok = await playDemo(stack, (line) => lines.push(line))
    expect(ok, lines.join('\n')).toBe(true)
  }, 180_000)

  test('M-080 SEC-35 SEC-40: no secret in tables, queues, blobs or logs; planted ones are found', async () => {
    const refreshTokens = [...stack.directory.refreshTokens.keys()]
    expect(refreshTokens.length).toBeGreaterThan(0)
    const canaries = [
      demo.clientSecret,
      postbox.password,
      stack.operatorKey(),
      tenant.appKey,
      tenant.adminKey,
      ...refreshTokens,
    ]
    const planted = formsOf(demo.clientSecret).map((text) => ({ place: 'planted', text: `before ${text} after` }))
    for (const one of planted) expect(scan([one], canaries), one.text).toHaveLength(1)
    // The search does look into each kind of place: planted there, a secret is found, and found gone.
    const remove = await plant(demo.clientSecret)
    expect(scan(await stored(), canaries).sort()).toEqual(['blob canaries/a', 'queue canaries', 'table canaries'])
    await remove()
    const everything = [...(await stored()), ...logged.map((text) => ({ place: 'log', text }))]
    expect(everything.length).toBeGreaterThan(20)
    expect(scan(everything, canaries)).toEqual([])
    // Nor an access token or id token of anybody, whichever it was.
    const bearing = /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\./
    expect(bearing.test(`Bearer ${unsignedToken}`)).toBe(true)
    expect(everything.filter(({ text }) => bearing.test(text)).map(({ place }) => place)).toEqual([])
  }, 60_000)

  test('SEC-19: each route answers 401 to a key nobody has, in the header or in the URL', async () => {
    for (const operation of Object.values(operations) as Operation[]) {
      if (operation.roles.length === 0) continue
      const url = new URL(`${stack.url}/${operation.route.replace(/\{\w+\}/g, 'a'.repeat(26))}`)
      const { method } = operation
      const body = operation.body ? { body: '{}', headers: { 'content-type': 'application/json' } } : {}
      const authorization = 'Bearer mbg_demo_aaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
      const wrong = await fetch(url, { method, ...body, headers: { ...body.headers, authorization } })
      expect(wrong.status, operation.name).toBe(401)
      for (const name of ['code', 'key', 'access_token', 'authorization']) url.searchParams.set(name, tenant.adminKey)
      expect((await fetch(url, { method, ...body })).status, `${operation.name} with a key in the URL`).toBe(401)
    }
  }, 60_000)

  test('M-021: a tenant without a mailbox is told so, and nothing is queued', async () => {
    await apiClient(stack.url, stack.operatorKey()).call('POST', 'v1/tenants', { id: 'other', name: 'Other' })
    const other = await apiClient(stack.url, stack.operatorKey(), 'other').call<{ key: string }>('POST', 'v1/keys', {
      role: 'app',
      name: 'app',
    })
    const app = apiClient(stack.url, other.key)
    await expect(app.call('POST', 'v1/mails', { to: ['ben@contoso.example'], text: 'x' })).rejects.toMatchObject({
      status: 422,
      problem: { code: 'no_mail_server' },
    })
  })

  test('M-013: version and capabilities, OpenAPI and health answer without a credential', async () => {
    for (const path of ['version', 'openapi.json', 'health']) {
      const response = await fetch(`${stack.url}/api/${path}`)
      expect(response.status, path).toBe(200)
    }
  })

  test('SEC-06 SEC-12 SEC-14 SEC-15: cookies, pages, redirects and PKCE over the whole run', async () => {
    const browser = new Browser()
    const signedIn = await browser.submit(await browser.open(`${stack.url}/console`), 'name="key"', {
      key: tenant.adminKey,
    })
    expect(signedIn.html).toContain('Mailboxes')
    for (const path of ['mailboxes', 'mails', 'logs', 'nowhere']) await browser.open(`${stack.url}/console/${path}`)
    const own = recorded.exchanges.filter(({ url }) => url.startsWith(`${stack.url}/`))
    const pages = own.filter(({ headers }) => (headers['content-type'] ?? '').startsWith('text/html'))
    const callbacks = own.filter(({ url }) => new URL(url).pathname === '/oauth/callback')
    expect(pages.length).toBeGreaterThan(10)
    expect(callbacks.length).toBeGreaterThan(1)
    expect(own.flatMap(({ cookies }) => cookies).length).toBeGreaterThan(5)
    expect(callbacks.map(({ status }) => status)).toEqual(callbacks.map(() => 303))
    expect(own.flatMap((exchange) => faultsOf(exchange, stack.url))).toEqual([])

    const { requests } = stack.entra.control
    const asked = requests.filter(({ query }) => query['code_challenge'] !== undefined)
    const redeemed = requests.filter(({ form }) => form['grant_type'] === 'authorization_code')
    expect(asked.map(({ query }) => query['code_challenge_method'])).toEqual(asked.map(() => 'S256'))
    expect(redeemed.length).toBeGreaterThan(1)
    const verifiers = redeemed.map(({ form }) => form['code_verifier'] ?? '')
    expect(new Set(verifiers).size).toBe(verifiers.length)
    for (const verifier of verifiers) {
      expect(verifier).toMatch(/^[A-Za-z0-9._~-]{43,128}$/)
      expect(asked.map(({ query }) => query['code_challenge'])).toContain(
        createHash('sha256').update(verifier).digest('base64url'),
      )
    }
    const codes = redeemed.map(({ form }) => form['code'] ?? '')
    expect(codes.every((code) => code.length > 20)).toBe(true)
    // A code is in the callback's URL, which is the provider's doing, and nowhere else.
    const urls = recorded.exchanges
      .filter((one) => !callbacks.includes(one))
      .map(({ url }) => ({ place: 'url', text: url }))
    const traces = [...urls, ...(await stored()), ...logged.map((text) => ({ place: 'log', text }))]
    expect(scan(traces, [...verifiers, ...codes])).toEqual([])
    expect(scan([{ place: 'planted', text: `?code=${codes[0]}` }], codes)).toEqual(['planted'])
  }, 60_000)

  test.each([
    ['a cookie without HttpOnly', { cookies: ['__Host-a=b; Path=/; Secure; SameSite=Lax'] }],
    ['a cookie of a domain', { cookies: ['__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Lax; Domain=x.example'] }],
    ['a cookie without the prefix', { cookies: ['a=b; Path=/; Secure; HttpOnly; SameSite=Lax'] }],
    ['a cookie for other sites', { cookies: ['__Host-a=b; Path=/; Secure; HttpOnly; SameSite=None'] }],
    ['a page without a policy', { headers: { 'content-type': 'text/html' } }],
    ['a redirect that repeats the body', { status: 307, headers: { location: '/x' } }],
    ['a redirect with the code', { status: 303, headers: { location: '/oauth/complete?code=x' } }],
  ])('SEC-12 SEC-14 SEC-15: control: %s is found', (_, planted) => {
    const exchange = { method: 'GET', url: 'http://localhost:1/x', status: 200, headers: {}, cookies: [], ...planted }
    expect(faultsOf(exchange as Exchange, 'http://localhost:1')).not.toEqual([])
  })
})
