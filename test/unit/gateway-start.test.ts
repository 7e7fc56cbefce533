import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

test('REL-31: a start with wrong settings leaves one line for the alert: code and names, no value', async () => {
  const lines: string[] = []
  vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line))
  vi.stubEnv('PUBLIC_BASE_URL', 'canary-value')
  vi.stubEnv('KEY_VAULT_URL', '')
  vi.stubEnv('MailStorage', 'UseDevelopmentStorage=true')
  // Another file of this process may have started one.
  vi.resetModules()
  const { gateway } = await import('../../lib/gateway.js')
  await expect(gateway()).rejects.toMatchObject({ code: 'settings_invalid' })
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { event: 'start-failed', level: 'error', code: 'settings_invalid', settings: 'PUBLIC_BASE_URL KEY_VAULT_URL' },
  ])
})
