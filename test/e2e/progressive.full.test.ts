/** Connected for sending first, read when an administrator approved, in a real browser (M-142). */
import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiClient, apiClient } from '../../local/api-client.js'
import { demoTenant } from '../../local/demo-tenant.js'
import { type Stack, startStack } from '../../local/stack.js'
import { acceptForAll, launchChromium, pressOn, toMicrosoft } from '../support/connect/browser-steps.js'
import { picture } from '../support/console/picture.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const present = existsSync(executablePath)
if (!present) console.warn(`NOT RUN: the walk in a real browser, because there is no Chromium at ${executablePath}`)

const words = {
  en: { now: 'Connect for sending now', done: 'is connected for sending' },
  de: { now: 'Jetzt zum Senden verbinden', done: 'ist zum Senden verbunden' },
} as const

let stack: Stack
let admin: ApiClient
let browser: Browser

describe.runIf(present)('an organisation of today in a real browser', () => {
  beforeAll(async () => {
    mkdirSync(`${root}/test-results`, { recursive: true })
    stack = await startStack({ root })
    admin = apiClient(stack.url, (await demoTenant(stack)).adminKey)
    browser = await launchChromium(executablePath)
  }, 180_000)
  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  }, 30_000)

  async function walk(options: { locale: string; javaScriptEnabled?: boolean }, steps: (page: Page) => Promise<void>) {
    const context = await browser.newContext(options)
    context.setDefaultTimeout(60_000)
    try {
      await steps(await context.newPage())
    } finally {
      await context.close()
    }
  }

  test.each(['en', 'de'] as const)(
    'M-142: in %s, without scripts and by keyboard: stopped by Microsoft, connected for sending, reading by itself',
    async (locale) => {
      const t = words[locale]
      const upn = `walker-${locale}@contoso.example`
      stack.directory.addUser({ upn, password: 'x' })
      const input = { address: upn, confirmation: 'confirmed-by-link' }
      const { link } = await admin.call<{ link: string }>('POST', 'v1/sign-ins', input)
      let approval = ''
      await walk({ locale, javaScriptEnabled: false }, async (page) => {
        await page.goto(link)
        await picture(page, `progressive-connect-${locale}`)
        await pressOn(page, 'form:has(input[name="provider"]):not(:has(input[name="later"])) button')
        await page.waitForURL(/127\.0\.0\.1/)
        await pressOn(page, `button[value="${upn}"]`)
        await pressOn(page, 'button[name="back"]')
        await page.waitForURL(/localhost.*\/result/)
        await picture(page, `progressive-refused-${locale}`)
        expect(await page.innerText('.link')).toMatch(/\/connect\//)
        await pressOn(page, `button:has-text("${t.now}")`)
        await page.waitForURL(/127\.0\.0\.1/)
        await pressOn(page, `button[value="${upn}"]`)
        await page.waitForSelector(`h1:has-text("${t.done}")`)
        await picture(page, `progressive-result-${locale}`)
        approval = await page.innerText('.link')
      })
      const mailboxes = await admin.list<{ address: string; id: string; receive: { transport: string } }>('mailboxes')
      const { id, receive } = mailboxes.find(({ address }) => address === upn)!
      expect(receive.transport).toBe('none')
      await walk({ locale: 'en' }, async (page) => {
        await page.goto(approval)
        await picture(page, 'progressive-consent')
        await acceptForAll(page, 'ana@contoso.example')
      })
      const transport = async () =>
        (await admin.call<{ receive: { transport: string } }>('GET', `v1/mailboxes/${id}`)).receive.transport
      await expect.poll(transport).toBe('graph')
      // The next language begins without the approval.
      stack.directory.consents.clear()
    },
  )

  test('M-140: sending alone takes three clicks and nobody else', async () => {
    const upn = 'sender-only@contoso.example'
    stack.directory.addUser({ upn, password: 'x' })
    const input = { address: upn, receive: false, confirmation: 'confirmed-by-link' }
    const { link } = await admin.call<{ link: string }>('POST', 'v1/sign-ins', input)
    await walk({ locale: 'en' }, async (page) => {
      await page.goto(link)
      await picture(page, 'send-only-connect')
      await toMicrosoft(page)
      await page.click(`button[value="${upn}"]`)
      await page.waitForSelector('h1:has-text("is connected")')
      await picture(page, 'send-only-result')
    })
  })
})
