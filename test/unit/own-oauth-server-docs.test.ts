import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { registrationSchema } from '../../lib/model/registration-schema.js'
import { oauth2Rules } from '../../lib/providers/oauth2-rules.js'

const folder = fileURLToPath(new URL('../../docs/connect/', import.meta.url))
const pages = readdirSync(folder).filter((file) => file.endsWith('.md'))

/** Bodies that a page shows, in blocks of their own or behind `-d` of a call that saves a registration. */
function registrationsIn(text: string): unknown[] {
  const blocks = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, body = '']) => body)
  const calls = [...text.matchAll(/^curl .*\/api\/v1\/registrations .* -d '(.*)'$/gm)].map(([, body = '']) => body)
  return [...blocks, ...calls]
    .map((body) => JSON.parse(body) as Record<string, unknown>)
    .filter((body) => body['kind'] === 'oauth2')
}

describe('pages about connecting', () => {
  test('M-051: every registration that they show can be saved as it stands', () => {
    const shown = pages.flatMap((page) => registrationsIn(readFileSync(`${folder}${page}`, 'utf8')))
    expect(shown.length).toBeGreaterThanOrEqual(5)
    for (const one of shown) {
      const parsed = registrationSchema.safeParse(one)
      expect(parsed.success ? [] : parsed.error.issues, JSON.stringify(one)).toEqual([])
      const { issuer } = one as { issuer: string }
      expect(oauth2Rules.authorityOf({ issuer })).toBe(issuer)
    }
    // The check finds a planted mistake.
    expect(registrationSchema.safeParse({ ...(shown[0] as object), scopes: 'mail' }).success).toBe(false)
  })
})
