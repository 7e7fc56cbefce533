/** What people do in a real browser on the way to a connected mailbox. */
import { type Browser, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'

export async function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      // Without it Chromium sends young cookies with cross-site posts, which hides exactly the bug looked for.
      '--enable-features=SameSiteDefaultChecksMethodRigorously',
    ],
  })
}

/** As people without a mouse go: by the Tab key, until the focus is there. */
export async function tabTo(page: Page, selector: string, most = 60): Promise<void> {
  const isThere = async (): Promise<boolean> => (await page.locator(`${selector}:focus`).count()) > 0
  for (let times = 0; times < most && !(await isThere()); times++) await page.keyboard.press('Tab')
  expect(await isThere(), `the focus on ${selector}`).toBe(true)
}

export async function pressOn(page: Page, selector: string): Promise<void> {
  await tabTo(page, selector)
  await page.keyboard.press('Enter')
}

export async function toMicrosoft(page: Page): Promise<void> {
  await page.click('text=Continue with Microsoft')
  await page.waitForURL(/127\.0\.0\.1/)
}

/** What an administrator does at Microsoft. */
export async function acceptForAll(page: Page, administrator: string): Promise<void> {
  await toMicrosoft(page)
  await page.click('text=Accept for Contoso')
  await page.click(`button[value="${administrator}"]`)
  await page.waitForURL(/localhost.*\/result/)
}

export async function connected(page: Page): Promise<void> {
  await page.waitForURL(/localhost.*\/result/)
  expect(await page.innerText('h1')).toMatch(/is connected$/)
}
