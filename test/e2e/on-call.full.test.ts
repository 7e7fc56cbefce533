import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type ApiClient, apiClient } from '../../local/api-client.js'
import { connectAna, connectPostbox } from '../../local/demo.js'
import { type DemoTenant, demoTenant } from '../../local/demo-tenant.js'
import { type Stack, startStack } from '../../local/stack.js'
import { picture } from '../support/console/picture.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const present = existsSync(executablePath)
if (!present && process.env['REQUIRE_REAL_SERVERS'] === '1')
  throw new Error(`There is no Chromium at ${executablePath}`)
if (!present) console.warn(`NOT RUN: the console in a real browser, because there is no Chromium at ${executablePath}`)

let stack: Stack
let tenant: DemoTenant
let app: ApiClient
let browser: Browser
let page: Page

/** Somebody is called at night: what is broken, who must act, what to do, and is it over? Each test goes on where the last one ended. */
describe.runIf(present)('the console for the person on call', () => {
  const mails: Record<string, string> = {}

  beforeAll(async () => {
    mkdirSync(`${root}/test-results`, { recursive: true })
    stack = await startStack({ root })
    tenant = await demoTenant(stack)
    app = apiClient(stack.url, tenant.appKey)
    const admin = apiClient(stack.url, tenant.adminKey)
    await connectAna(admin)
    await connectPostbox(admin)
    const mailboxes = await app.list<{ id: string; address: string }>('mailboxes')
    const [ana, paula] = ['ana@contoso.example', 'paula@postbox.example'].map(
      (address) => mailboxes.find((one) => one.address === address)?.id,
    )
    const submit = async (name: string, mailboxId: string | undefined, to: string, hold = false) => {
      const mail = { mailboxId, to: [to], subject: `Night ${name}`, text: 'x', hold }
      mails[name] = (await app.call<{ id: string }>('POST', 'v1/mails', mail)).id
    }
    await submit('sent', ana, 'ben@contoso.example')
    await reached(mails['sent'], 'sent')
    stack.entra.control.revoke({ upn: 'ana@contoso.example', accessTokens: true })
    await submit('waiting', ana, 'ben@contoso.example')
    await submit('refused', paula, 'unknown@nowhere.example')
    await submit('held', paula, 'ben@contoso.example', true)
    await submit('unwanted', paula, 'ben@contoso.example', true)
    await Promise.all([reached(mails['waiting'], 'waiting'), reached(mails['refused'], 'failed')])
    // The first refusal puts the mail off; a second one decides, here because somebody asks.
    const { send } = await app.call<{ send: { connectionId: string } }>('GET', `v1/mailboxes/${ana}`)
    await admin.call('POST', `v1/connections/${send.connectionId}/retry`)
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] })
    page = await browser.newPage()
    page.setDefaultTimeout(60_000)
  }, 90_000)

  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  }, 30_000)

  const reached = (id: string | undefined, state: string) =>
    vi.waitUntil(async () => (await app.call<{ state: string }>('GET', `v1/mails/${id}`)).state === state, {
      timeout: 60_000,
      interval: 200,
    })

  const open = (path: string) => page.goto(`${stack.url}/console${path}${path.includes('?') ? '&' : '?'}tenant=demo`)

  test('M-071 P-04: the first page after signing in says what is broken, since when, who acts and what to do', async () => {
    await page.goto(`${stack.url}/console`)
    await page.fill('#key', stack.operatorKey())
    await page.click('main button')
    await page.waitForSelector('nav')
    expect(await page.innerText('h1')).toBe('1 thing needs attention')
    const card = await page.innerText('article.alert >> nth=0')
    expect(card).toContain('Who must act: Mailbox owner')
    expect(card).toMatch(/since \d{4}-\d\d-\d\d \d\d:\d\d UTC \((now|\d+ \w+ ago)\)/)
    expect(card).toMatch(/What to do: .*(again|reconnect|sign in)/is)
    expect(card).toContain('ana@contoso.example')
    expect(card).toContain('tenant demo')
    await picture(page, 'on-call-tenants')
    await open('')
    await picture(page, 'on-call-overview')
    await open('/mailboxes')
    expect(await page.innerText('table')).toContain('owner must reconnect')
    await picture(page, 'on-call-mailboxes')
  })

  test('M-041 P-07: the refused mail shows attempts, the server words, a description that is not the raw error, a remedy', async () => {
    await open(`/mails/${mails['refused']}`)
    const text = await page.innerText('main')
    expect(text).toContain('failed')
    expect(text).toContain('What to do:')
    expect(text).toMatch(/The server's response\s+5\d\d/)
    await picture(page, 'on-call-mail')
    await open('/logs?log=sending&failed=true')
    expect(await page.innerText('main')).toContain('550 5.1.1')
    await picture(page, 'on-call-logs')
    await open('/logs?log=audit')
    await picture(page, 'on-call-audit')
  })

  test("M-127: Microsoft's trace id, correlation id and time stand in the log row and on the page", async () => {
    const ids = /Trace ID: [0-9a-f-]{36} Correlation ID: [0-9a-f-]{36} Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/
    const { rows } = await app.call<{ rows: { mailId: string; peerLine: string }[] }>(
      'GET',
      'v1/logs?log=sending&failed=true',
    )
    const kept = ids.exec(rows.find(({ mailId }) => mailId === mails['waiting'])?.peerLine ?? '')?.[0]
    expect(kept).toBeDefined()
    await open(`/mails/${mails['waiting']}`)
    expect(await page.innerText('main')).toContain(kept)
  })

  test('M-035 M-042: held mail is released and cancelled by buttons; the list holds open mail only', async () => {
    await open('/mails')
    const rows = page.locator('tbody tr')
    expect(await rows.count()).toBe(3)
    await picture(page, 'on-call-mails')
    await open(`/mails/${mails['held']}`)
    await page.click('button:has-text("Release")')
    await page.waitForSelector('text=Released: the gateway sends the mail next.')
    await reached(mails['held'], 'sent')
    await open(`/mails/${mails['unwanted']}`)
    await page.click('a:has-text("Cancel")')
    await picture(page, 'on-call-ask')
    await page.click('button:has-text("Yes, cancel the mail")')
    await page.waitForSelector('text=Cancelled: the mail will not be sent.')
    await open('/mails')
    expect(await rows.count()).toBe(1)
    await open('/mails?all=true')
    expect(await rows.count()).toBe(5)
    await page.selectOption('#state', 'cancelled')
    await page.click('button:has-text("Search")')
    expect(await rows.count()).toBe(1)
    await picture(page, 'on-call-search')
  })

  test('P-05: a reconnect link made in the console repairs the mailbox; its mail leaves automatically and the alarm ends', async () => {
    await open('')
    await page.click('text=Open the mailbox')
    await picture(page, 'on-call-mailbox')
    await page.click('text=Create a reconnect link')
    const link = await page.inputValue('#link')
    await picture(page, 'on-call-link')
    const owner = await browser.newContext()
    const tab = await owner.newPage()
    await tab.goto(link)
    await picture(tab, 'reconnect')
    await tab.click('text=Continue with Microsoft')
    await tab.click('button[value="ana@contoso.example"]')
    await tab.waitForURL(/\/result/)
    await picture(tab, 'reconnected')
    await owner.close()
    await reached(mails['waiting'], 'sent')
    await open('')
    expect(await page.innerText('h1')).toBe('Nothing is broken')
  })
})
