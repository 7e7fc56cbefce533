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
let port: number
let said = ''

/** The application of the developer guide, run as it stands there. */
describe('docs/examples/app.mjs', () => {
  beforeAll(async () => {
    stack = await startStack({ root })
    tenant = await demoTenant(stack)
    port = await freePort()
    url = `http://127.0.0.1:${port}`
    await startApp()
  }, 60_000)

  /** Another run of it is another process: nothing but what the gateway keeps is left. */
  async function startApp(): Promise<void> {
    said = ''
    app = spawn(process.execPath, ['docs/examples/app.mjs'], {
      cwd: root,
      env: { ...process.env, GATEWAY_URL: stack.url, GATEWAY_KEY: tenant.adminKey, PORT: String(port) },
    })
    for (const stream of [app.stdout, app.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await says(`open ${url}`)
  }

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
    // D2: loaded again, it is the same mail; in another session it is somebody else's.
    const [, mailId] = /Mail (\w{26})/.exec(back.html) ?? []
    expect((await browser.open(back.url)).html).toContain(`Connected. Mail ${mailId} is `)
    expect((await new Browser().open(back.url)).html).not.toContain('Connected.')
    stack.directory.deliver(
      'ana@contoso.example',
      'From: ben@contoso.example\r\nTo: ana@contoso.example\r\nSubject: Re: order\r\n\r\nHi',
    )
    const [mailbox] = await apiClient(stack.url, tenant.appKey).list<{ id: string }>('mailboxes')
    await apiClient(stack.url, tenant.appKey).call('POST', `v1/mailboxes/${mailbox?.id}/poll`)
    await says('received: Re: order')
  }, 120_000)

  test('D2: a person who cancels comes back to a page that says so', async () => {
    const browser = new Browser()
    const asked = await browser.open(`${url}/connect?address=cleo@contoso.example`)
    const cancelled = await browser.submit(asked, 'Cancel')
    const back = await browser.follow(cancelled, 'application')
    expect(back.html).toMatch(/^Not connected \(\w+\)\.$/)
    expect(said).not.toContain('Error')
    // Taken before the next test ends this run: what is refused waits, and everything behind it.
    await says(/sign-in\.ended: /)
  }, 60_000)

  test('D3: a second run finds its webhook: one endpoint, each event once, verified with the same key', async () => {
    const client = apiClient(stack.url, tenant.adminKey)
    app.kill()
    await startApp()
    const endpoints = await client.list<{ id: string; url: string }>('webhooks')
    expect(endpoints.map((one) => one.url)).toEqual([`${url}/events`])
    const again = await fetch(`${stack.url}/api/v1/webhooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url: `${url}/events` }),
    })
    expect(again.status).toBe(200)
    expect((await again.json()) as object).toMatchObject({ id: endpoints[0]?.id })
    const [mailbox] = await client.list<{ id: string }>('mailboxes')
    const mail = { mailboxId: mailbox?.id, to: ['ben@contoso.example'], subject: 'second run', text: 'x' }
    await client.call('POST', 'v1/mails', mail)
    await says(/mail\.sent: /)
    expect(said.match(/mail\.sent: /g)).toHaveLength(1)
    const refused = await new Browser().open(`${url}/connect?address=ana@contoso.example`)
    expect(refused.html).toContain('already connected')
  }, 60_000)

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
