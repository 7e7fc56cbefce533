import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { adminConsentSchema, reconnectSchema, signInStartSchema } from '../../lib/model/api-schemas.js'
import { mailboxWarningCodes } from '../../lib/model/mailbox-warnings.js'

const page = readFileSync(new URL('../../docs/connect/microsoft-without-administrator.md', import.meta.url), 'utf8')
const bodies = [...page.matchAll(/^```json (\S+)\n([\s\S]*?)^```/gm)].map(
  ([, call = '', json = '']) => [call, json] as const,
)
const schemas = { 'sign-ins': signInStartSchema, reconnect: reconnectSchema, 'admin-consents': adminConsentSchema }

test.each(bodies)('M-140, M-142: the body for %s that the page shows is one that the API takes', (call, json) => {
  const schema = schemas[call as keyof typeof schemas]
  expect(schema.safeParse(JSON.parse(json)).error).toBeUndefined()
  // The control: a field that nobody knows is not.
  expect(schema.safeParse({ ...JSON.parse(json), invented: 1 }).success).toBe(false)
})

test('M-140: the page shows one body of each kind, and the warnings that exist', () => {
  expect(new Set(bodies.map(([call]) => call))).toEqual(new Set(Object.keys(schemas)))
  for (const code of ['send_only_permissions', 'after_receive_not_granted'] as const) {
    expect(mailboxWarningCodes).toContain(code)
    expect(page).toContain(`\`${code}\``)
  }
})
