/** Connecting and the console in a real browser. */
import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiClient } from '../../local/api-client.js'
import { type DemoTenant, demoTenant } from '../../local/demo-tenant.js'
import { postbox, type Stack, startStack } from '../../local/stack.js'
import {
  acceptForAll,
  connected,
  launchChromium,
  pressOn,
  tabTo,
  toMicrosoft,
} from '../support/connect/browser-steps.js'
import { picture } from '../support/console/picture.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pictures = `${root}/test-results`
const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const present = existsSync(executablePath)
if (!present && process.env['REQUIRE_REAL_SERVERS'] === '1')
  throw new Error(`There is no Chromium at ${executablePath}`)
if (!present) console.warn(`NOT RUN: the walk in a real browser, because there is no Chromium at ${executablePath}`)

const ana = 'ana@contoso.example'
let stack: Stack
let tenant: DemoTenant
let browser: Browser

/** Two sites, as in production: `localhost` is the gateway, `127.0.0.1` is Microsoft. */
describe.runIf(present)('connecting in a real browser', () => {
  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true })
    stack = await startStack({ root })
    tenant = await demoTenant(stack)
    browser = await launchChromium(executablePath)
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  }, 30_000)

  test('M-059 P-30 SEC-13: the query response mode ends connected', async () => {
    await inBrowser({}, async (page) => {
      await page.goto(await newLink(ana))
      await picture(page, 'connect')
      await toMicrosoft(page)
      await page.click(`button[value="${ana}"]`)
      await connected(page)
      await picture(page, 'result')
      // Back and forth: Microsoft's page again, then ours.
      await page.goBack()
      await page.waitForURL(/127\.0\.0\.1/)
      await page.goBack()
      await connected(page)
    })
  })

  test('M-059 P-30 SEC-13: form_post ends connected although the Lax cookies are absent on the cross-site POST', async () => {
    await inBrowser({}, async (page) => {
      await page.goto(await newLink(ana))
      await toMicrosoft(page)
      await page.$eval('input[name="request"]', (input) => {
        const field = input as unknown as { value: string }
        const asked = new URLSearchParams(field.value)
        asked.set('response_mode', 'form_post')
        field.value = asked.toString()
      })
      const post = page.waitForRequest((one) => one.method() === 'POST' && one.url().includes('/oauth/callback'))
      const complete = page.waitForRequest((one) => one.url().includes('/oauth/complete'))
      await page.click(`button[value="${ana}"]`)
      expect((await (await post).allHeaders())['cookie']).toBeUndefined()
      // The control: the GET after it carries them.
      expect((await (await complete).allHeaders())['cookie']).toContain('__Host-browser=')
      await connected(page)
    })
  })

  test('M-073 SEC-11: cancelling at Microsoft ends on a friendly page with a way back and a request id', async () => {
    await inBrowser({}, async (page) => {
      await page.goto(await newLink(ana))
      await toMicrosoft(page)
      await page.click('button[name="cancel"]')
      await page.waitForURL(/localhost/)
      const text = await page.innerText('main')
      expect(text).toContain('You cancelled the sign-in')
      expect(text).toMatch(/request id: \S{8,}/)
      expect(text).not.toMatch(/\bat \S+\.[jt]s|Trace ID|Correlation ID/)
      await picture(page, 'error')
      await page.click('a.button:has-text("Try again")')
      await page.waitForSelector('button:has-text("Continue with Microsoft")')
    })
  })

  test('M-065: an administrator allows what a person may not; both see what happened', async () => {
    const stopped = 'adminconsent@contoso.example'
    const link = await newLink(stopped)
    let approval = ''
    await inBrowser({}, async (page) => {
      await page.goto(link)
      await toMicrosoft(page)
      await page.click(`button[value="${stopped}"]`)
      await page.waitForURL(/localhost/)
      expect(await page.innerText('h1')).toBe('An administrator must approve this')
      approval = await page.innerText('.link')
      await picture(page, 'approval')
    })
    await inBrowser({}, async (page) => {
      await page.goto(approval)
      await picture(page, 'consent')
      await acceptForAll(page, ana)
      expect(await page.innerText('main')).toContain('No mailbox was connected')
      await picture(page, 'consent-result')
    })
  })

  test('M-065 M-029: app-only is allowed by an administrator and waits for the tenant', async () => {
    const admin = apiClient(stack.url, tenant.adminKey)
    const { link } = await admin.call<{ link: string }>('POST', 'v1/admin-consents', {})
    await inBrowser({}, async (page) => {
      await page.goto(link)
      await picture(page, 'consent-app-only')
      await acceptForAll(page, ana)
      expect(await page.innerText('h1')).toBe('Thank you, one step is left')
    })
  })

  test('M-072 M-062: what does not work, the wrong account, and no at the start are said plainly', async () => {
    // Not only the administrator of the organisation connects here.
    stack.entra.control.setConsentPolicy({ tenant: 'contoso.example', policy: 'legacy' })
    await inBrowser({}, async (page) => {
      await page.goto(await newLink('nomailbox@contoso.example'))
      await toMicrosoft(page)
      await page.click('button[value="nomailbox@contoso.example"]')
      await page.waitForURL(/localhost.*\/result/)
      expect(await page.innerText('.verdicts')).toContain('Does not work yet')
      expect(await page.innerText('main')).toContain('reading and sending mail does not work yet')
      await picture(page, 'result-fails')
      await page.goto(await newLink('ben@contoso.example'))
      await toMicrosoft(page)
      await page.click('summary:has-text("Use another account")')
      await page.click(`button[value="${ana}"]`)
      await page.waitForURL(/localhost/)
      expect(await page.innerText('h1')).toBe('That was a different account')
      await picture(page, 'mismatch')
      await page.reload()
      await page.click('a.button:has-text("Try again")')
      await page.click('text=Cancel, do not connect')
      await page.waitForSelector('h1:has-text("Cancelled")')
      await picture(page, 'cancelled')
    })
  })

  test('M-059 P-30: connecting works with JavaScript off', async () => {
    await inBrowser({ javaScriptEnabled: false }, async (page) => {
      await page.goto(await newLink(ana))
      await toMicrosoft(page)
      await page.click(`button[value="${ana}"]`)
      await connected(page)
    })
  })

  test('M-059 SEC-11: a password connects, and a link used twice shows a plain page', async () => {
    const link = await newLink(postbox.address)
    await inBrowser({}, async (page) => {
      await page.goto(link)
      await picture(page, 'password')
      await page.fill('#password', postbox.password)
      await page.click('text=Check and continue')
      await connected(page)
    })
    await inBrowser({}, async (page) => {
      const answer = await page.goto(link)
      expect(answer?.status()).toBeGreaterThanOrEqual(400)
      expect(await page.innerText('h1')).toBe('This link has already been used')
      await picture(page, 'used')
    })
  })

  // Without a script nothing but the browser itself can set the focus or send a form.
  describe.each([
    ['Reject', false],
    ['Confirm', true],
  ] as const)('T5, T7: by keyboard alone, %s, with scripts: %s', (decision, javaScriptEnabled) => {
    test('T5: after a wrong password the cursor stands in its field', async () => {
      const link = await newLink(postbox.address)
      await inBrowser({ javaScriptEnabled }, async (page) => {
        await page.goto(link)
        await tabTo(page, '#password')
        await page.keyboard.type('not this one')
        await page.keyboard.press('Enter')
        await page.waitForSelector('#password[aria-invalid="true"]')
        await tabTo(page, '#password', 0)
        expect(await page.innerText('#password-error')).not.toBe('')
        await page.keyboard.type(postbox.password)
        await page.keyboard.press('Enter')
        await connected(page)
      })
    })

    test('T7, T1: a delegate names themselves; an administrator decides in the console', async () => {
      const admin = apiClient(stack.url, tenant.adminKey)
      const asked = { address: 'info@contoso.example', confirmation: 'tenant-admin' }
      const { link } = await admin.call<{ link: string }>('POST', 'v1/sign-ins', asked)
      await inBrowser({ javaScriptEnabled }, async (page) => {
        await page.goto(link)
        await tabTo(page, 'summary:has-text("shared mailbox")')
        await page.keyboard.press('Enter')
        await tabTo(page, '#delegate')
        await page.keyboard.type('nobody@nowhere')
        await page.keyboard.press('Enter')
        await page.waitForSelector('#delegate[aria-describedby="delegate-error"]')
        await tabTo(page, '#delegate', 0)
        expect(await page.inputValue('#delegate')).toBe('nobody@nowhere')
        await page.keyboard.press('Control+A')
        await page.keyboard.type(ana)
        await page.keyboard.press('Enter')
        await page.waitForURL(/127\.0\.0\.1/)
        await pressOn(page, `button[value="${ana}"]`)
        await page.waitForURL(/localhost.*\/result/)
        expect(await page.innerText('main')).toContain('No mail was opened for this test.')
        await picture(page, 'pending')
      })
      await inBrowser({ javaScriptEnabled }, async (page) => {
        await page.goto(`${stack.url}/console`)
        await tabTo(page, '#key')
        await page.keyboard.type(tenant.adminKey)
        await page.keyboard.press('Enter')
        await page.waitForSelector('h2:has-text("Waiting for you")')
        // Others may wait as well.
        const card = 'article:has-text("info@contoso.example")'
        if (decision === 'Confirm') await pressOn(page, `${card} button:has-text("Confirm")`)
        else {
          await pressOn(page, `${card} a:has-text("Reject")`)
          await page.waitForSelector('h1:has-text("Reject this sign-in?")')
          await pressOn(page, 'button:has-text("Yes, reject it")')
        }
        await page.waitForSelector(`text=${decision}ed: `)
        expect(await page.locator(card).count()).toBe(0)
      })
    })

    test('T17: an administrator approves for everybody', async () => {
      const admin = apiClient(stack.url, tenant.adminKey)
      const { link } = await admin.call<{ link: string }>('POST', 'v1/admin-consents', { mode: 'delegated' })
      await inBrowser({ javaScriptEnabled }, async (page) => {
        await page.goto(link)
        await pressOn(page, 'button:has-text("Continue with Microsoft")')
        await page.waitForURL(/127\.0\.0\.1/)
        await pressOn(page, 'button:has-text("Accept for Contoso")')
        await page.waitForSelector(`button[value="${ana}"]`)
        await pressOn(page, `button[value="${ana}"]`)
        await page.waitForURL(/localhost.*\/result/)
        expect(await page.innerText('h1')).not.toContain('did not work')
      })
    })
  })

  test('M-073: the console fits phones and desks', async () => {
    await inBrowser({}, async (page) => {
      await page.goto(`${stack.url}/console`)
      await picture(page, 'console-sign-in')
      await page.fill('#key', stack.operatorKey())
      await page.click('main button')
      await page.waitForSelector('nav')
      await picture(page, 'console-tenants')
      for (const path of ['', '/mailboxes', '/mails', '/logs']) {
        const answer = await page.goto(`${stack.url}/console${path}?tenant=${tenant.tenant}`)
        expect(answer?.status(), path).toBe(200)
        await picture(page, `console${path.replace('/', '-')}`)
      }
    })
  })
})

/** A link to connect the address, or to reconnect it when an earlier walk connected it. */
async function newLink(address: string): Promise<string> {
  const admin = apiClient(stack.url, tenant.adminKey)
  const mailboxes = await admin.list<{ id: string; address: string }>('mailboxes')
  const known = mailboxes.find((mailbox) => mailbox.address === address)
  const { link } = known
    ? await admin.call<{ link: string }>('POST', `v1/mailboxes/${known.id}/reconnect`)
    : await admin.call<{ link: string }>('POST', 'v1/sign-ins', { address, confirmation: 'confirmed-by-link' })
  return link
}

async function inBrowser(options: { javaScriptEnabled?: boolean }, walk: (page: Page) => Promise<void>): Promise<void> {
  const context: BrowserContext = await browser.newContext(options)
  context.setDefaultTimeout(60_000)
  try {
    await walk(await context.newPage())
  } finally {
    await context.close()
  }
}
