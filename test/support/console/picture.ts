import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const pictures = fileURLToPath(new URL('../../../test-results', import.meta.url))

/** A picture for people, at the width of a desk and of a phone; never wider than the screen. */
export async function picture(page: Page, name: string): Promise<void> {
  for (const width of [1280, 375]) {
    await page.setViewportSize({ width, height: 800 })
    const widths = (await page.evaluate(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    )) as [number, number]
    expect(widths[0], `${name} at ${width}`).toBeLessThanOrEqual(widths[1])
    await page.screenshot({ path: `${pictures}/${name}-${width}.png`, fullPage: true })
  }
}
