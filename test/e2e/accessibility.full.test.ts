/**
 * Every page in a real browser, judged by axe-core (WCAG 2.2 A and AA) and by its width: at a desk, on a phone, and at
 * 200 % on a small screen.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { textsOf } from '../../lib/pages/texts/texts.js'
import { launchChromium } from '../support/connect/browser-steps.js'
import { connectPages } from '../support/connect/page-samples.js'
import { samplePages } from '../support/console/console-samples.js'

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const present = existsSync(executablePath)
if (!present && process.env['REQUIRE_REAL_SERVERS'] === '1')
  throw new Error(`There is no Chromium at ${executablePath}`)
if (!present) console.warn(`NOT RUN: the pages under axe-core, because there is no Chromium at ${executablePath}`)

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const widths = [1280, 390, 320]
const pages = {
  ...named('en', connectPages(textsOf('en'))),
  ...named('de', connectPages(textsOf('de'))),
  ...named('console', samplePages()),
}
let browser: Browser
let page: Page

describe.runIf(present)('pages in a real browser', () => {
  beforeAll(async () => {
    browser = await launchChromium(executablePath)
    page = await browser.newPage({ colorScheme: 'light' })
  }, 60_000)
  afterAll(() => browser?.close(), 30_000)

  test.each(Object.entries(pages))(
    'D14: %s: axe-core finds nothing, by day and by night, at any width',
    async (_, html) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await page.setContent(html)
        expect(await findings(page), colorScheme).toEqual([])
      }
      for (const width of widths) {
        await page.setViewportSize({ width, height: 800 })
        expect(await page.evaluate('document.documentElement.scrollWidth'), `${width} wide`).toBeLessThanOrEqual(width)
      }
    },
  )

  test('the judge sees what is wrong', async () => {
    await page.setContent('<!doctype html><title>x</title><main><h1>x</h1><input><p style="color:#ccc">pale</p></main>')
    const found = await findings(page)
    for (const rule of ['html-has-lang', 'label', 'color-contrast'])
      expect(found).toContainEqual(expect.stringMatching(new RegExp(`^${rule}:`)))
  })
})

async function findings(of: Page): Promise<string[]> {
  await of.evaluate(axe)
  const run = `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`
  const { violations } = (await of.evaluate(run)) as { violations: { id: string; nodes: { html: string }[] }[] }
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
}

function named(kind: string, given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, html]) => [`${kind} ${name}`, html]))
}
