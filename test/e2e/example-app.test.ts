import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { apiClient } from '../../local/api-client.js'
import { Browser } from '../../local/browser.js'
import { type DemoTenant, demoTenant } from '../../local/demo-tenant.js'
import { freePort } from '../../local/free-port.js'
import { type Stack, startStack } from '../../local/stack.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(`${root}/${file}`, 'utf8')
let stack: Stack
let tenant: DemoTenant
let app: ChildProcess
let url: string
let said = ''

/** The application of the developer guide, run as it stands there. */
describe('docs/examples/app.mjs', () => {
  beforeAll(async () => {
    stack = await startStack({ root })
    tenant = await demoTenant(stack)
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    app = spawn(process.execPath, ['docs/examples/app.mjs'], {
      cwd: root,
      env: { ...process.env, GATEWAY_URL: stack.url, GATEWAY_KEY: tenant.adminKey, PORT: String(port) },
    })
    for (const stream of [app.stdout, app.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await says(`open ${url}`)
  }, 60_000)

  afterAll(async () => {
    app?.kill()
    await stack?.stop()
  }, 30_000)

  const says = (text: string | RegExp) =>
    vi.waitUntil(() => (typeof text === 'string' ? said.includes(text) : text.test(said)), {
      timeout: 45_000,
      interval: 100,
    })

  test('M-040 M-060 M-071: a person connects, the mail leaves once, the app hears of it and of mail received', async () => {
    const browser = new Browser()
    const asked = await browser.open(`${url}/connect?address=ana@contoso.example`)
    const signIn = await browser.submit(asked, 'Continue with Microsoft')
    // Signed in, the browser is back at the application at once.
    const back = await browser.submit(signIn, 'ana@contoso.example', { user: 'ana@contoso.example' })
    expect(back.html).toMatch(/^Connected\. Mail \w{26} is queued\.$/)
    await says(/mail\.sent: \{"mailId":/)
    stack.directory.deliver(
      'ana@contoso.example',
      'From: ben@contoso.example\r\nTo: ana@contoso.example\r\nSubject: Re: order\r\n\r\nHi',
    )
    const [mailbox] = await apiClient(stack.url, tenant.appKey).call<{ id: string }[]>('GET', 'v1/mailboxes')
    await apiClient(stack.url, tenant.appKey).call('POST', `v1/mailboxes/${mailbox?.id}/poll`)
    await says('received: Re: order')
  }, 120_000)

  test('the developer guide quotes this file', () => {
    const blocks = [...read('docs/app-developer.md').matchAll(/```js\n([\s\S]*?)\n```/g)].map(([, code = '']) => code)
    expect(blocks.length).toBe(5)
    for (const block of blocks) expect(read('docs/examples/app.mjs')).toContain(block)
  })

  test('its webhook refuses an event that the gateway did not sign', async () => {
    const forged = { id: 'forged', type: 'mail.sent', data: {} }
    const answer = await fetch(`${url}/events`, {
      method: 'POST',
      headers: {
        'webhook-id': 'x',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': 'v1,AAAA',
      },
      body: JSON.stringify(forged),
    })
    expect(answer.status).toBe(401)
    expect(said).not.toContain('forged')
  })
})
