import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { settingsTable } from '../../lib/config/settings-table.js'
import { readConfig } from '../../lib/config.js'
import { GatewayError } from '../../lib/errors.js'
import { version } from '../../lib/http/api/version.js'
import { costsPage } from '../../local/tools/costs/costs-page.js'
import { datesPage } from '../../local/tools/dates-page.js'
import { errorsPage } from '../../local/tools/errors-page.js'
import {
  architecturePage,
  configurationPage,
  deployedSettings,
  endpointsPage,
  openApiDocument,
  preflightPage,
  sampleSettings,
} from '../../local/tools/write-docs.js'

const good = {
  PUBLIC_BASE_URL: 'https://mail.example.com/',
  MailStorage: 'UseDevelopmentStorage=true',
  KEY_VAULT_URL: 'https://one.vault.azure.net',
}

function problemsOf(environment: Record<string, string>): string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError)
    return ((error as GatewayError).problems ?? []).map((problem) => problem.field)
  }
}

describe('settings', () => {
  test('M-004: defaults are the documented ones', () => {
    const config = readConfig(good)
    expect(config.environment).toBe('mbg')
    expect(config.publicBaseUrl).toBe('https://mail.example.com')
    expect(config.origins).toEqual({})
    expect(config.pollMaxMs).toBe(900_000)
  })

  test('M-006: every problem is reported at once, by name and without its value', () => {
    const wrong = { ...good, PUBLIC_BASE_URL: 'nonsense-canary', POLL_MAX_SECONDS: '0', ENVIRONMENT_ID: '9UPPER' }
    expect(problemsOf(wrong).sort()).toEqual(
      ['ENVIRONMENT_ID', 'POLL_MAX_SECONDS', 'POLL_MIN_SECONDS', 'PUBLIC_BASE_URL'].sort(),
    )
    expect(() => readConfig(wrong)).toThrow(/3|4/)
    expect(() => readConfig(wrong)).not.toThrow(/nonsense-canary/)
  })

  test.each(['PUBLIC_BASE_URL', 'KEY_VAULT_URL', 'MailStorage'])('REL-31: a start without %s names it', (name) => {
    expect(problemsOf({ ...good, [name]: '' })).toEqual([name])
  })

  test('SEC-24: insecure choices are for this machine only, and never beside a managed identity', () => {
    const local = { ...good, MICROSOFT_GRAPH_ORIGIN: 'http://127.0.0.1:7073', ALLOW_LOOPBACK_MAIL_HOSTS: 'true' }
    expect(problemsOf(local)).toEqual([])
    expect(problemsOf({ ...local, IDENTITY_ENDPOINT: 'http://169.254.129.3/msi' }).sort()).toEqual([
      'ALLOW_LOOPBACK_MAIL_HOSTS',
      'MICROSOFT_GRAPH_ORIGIN',
    ])
    expect(problemsOf({ ...good, MICROSOFT_GRAPH_ORIGIN: 'http://graph.example.com' })).toEqual([
      'MICROSOFT_GRAPH_ORIGIN',
    ])
  })

  test('an unresolved Key Vault reference stops the start', () => {
    expect(problemsOf({ ...good, AUTOCONFIG_URL: '@Microsoft.KeyVault(SecretUri=https://x)' })).toEqual([
      'AUTOCONFIG_URL',
    ])
  })
})

describe('generated documents', () => {
  const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

  test('the generated pages and the sample settings are those of the tables (npm run docs)', async () => {
    expect(read('docs/configuration.md')).toBe(configurationPage())
    expect(read('local.settings.sample.json')).toBe(sampleSettings())
    expect(read('infra/settings.json')).toBe(deployedSettings())
    expect(read('docs/openapi.json')).toBe(await openApiDocument())
    expect(read('docs/preflight.md')).toBe(preflightPage())
    expect(read('docs/costs.md')).toBe(costsPage())
    expect(read('docs/outbound-endpoints.md')).toBe(endpointsPage())
    expect(read('docs/dates.md')).toBe(datesPage())
    expect(read('docs/architecture.md')).toBe(architecturePage(read('docs/architecture.md')))
  })

  test('M-120: docs/errors.md is that of the error catalogue (npm run docs)', () => {
    expect(read('docs/errors.md')).toBe(errorsPage(fileURLToPath(new URL('../..', import.meta.url))))
  })

  test('the sample names every setting', () => {
    const { Values } = JSON.parse(read('local.settings.sample.json')) as { Values: Record<string, string> }
    for (const row of settingsTable) expect(Values).toHaveProperty([row.name])
  })

  test('the version is that of the package', () => {
    expect(JSON.parse(read('package.json')).version).toBe(version)
  })
})
