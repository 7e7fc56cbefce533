import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TableClient } from '@azure/data-tables'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiClient } from '../../local/api-client.js'
import { demoTenant } from '../../local/demo-tenant.js'
import { freePort } from '../../local/free-port.js'
import { type Stack, startStack } from '../../local/stack.js'
import type { Finding } from '../../local/tools/preflight/finding.js'
import { preflight } from '../../local/tools/preflight/preflight.js'
import { remedies } from '../../local/tools/preflight/remedies.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'preflight-'))
const health = ['tables', 'queues', 'blobs', 'vault', 'clock', 'timers', 'balance', 'messages']
const dayMs = 86_400_000
let stack: Stack
let closed: string

beforeAll(async () => {
  stack = await startStack({ root })
  const { registrationId } = await demoTenant(stack)
  const admin = apiClient(stack.url, stack.operatorKey(), 'demo')
  const saved = { name: 'Demo registration', kind: 'microsoft', directory: 'organizations' }
  await admin.call('PUT', `v1/registrations/${registrationId}`, {
    ...saved,
    clientId: '11111111-2222-4333-8444-555555555555',
    clientSecret: 'a-secret-for-the-preflight',
    clientSecretExpiresAt: new Date(Date.now() + 100.5 * dayMs).toISOString(),
  })
  closed = `http://127.0.0.1:${await freePort()}`
}, 60_000)

afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

interface Change {
  settings?: Record<string, string | undefined>
  nodeVersion?: string
  laterMs?: number
}

const run = ({ settings = {}, nodeVersion = '24.11.1', laterMs = 0 }: Change): Promise<Finding[]> =>
  preflight({ environment: { ...stack.settings, ...settings }, nodeVersion, now: () => Date.now() + laterMs })

/** What is not pass, as `verdict check remedy`. The plain-http address of this machine is left out. */
async function problems(change: Change): Promise<string[]> {
  return (await run(change))
    .filter(({ verdict, remedy }) => verdict !== 'pass' && remedy?.id !== 'address-insecure')
    .map(({ verdict, check, remedy }) => `${verdict} ${check} ${remedy?.id}`)
}

const storageWith = (kind: 'Blob' | 'Queue' | 'Table', url: string): Record<string, string> => ({
  MailStorage: stack.connectionString.replace(new RegExp(`${kind}Endpoint=[^;]+`), `${kind}Endpoint=${url}/x`),
})

describe('preflight', () => {
  test('M-014: everything there: each prerequisite passes, and the redirect URI to register is named', async () => {
    expect(await problems({})).toEqual([])
    const findings = await run({})
    expect(findings.map(({ check }) => check)).toEqual([
      'node',
      'settings',
      'names',
      ...health,
      'provider',
      'graph',
      'resolver',
      'autoconfig',
      'address',
      'address',
      'redirect',
      'registrations',
    ])
    expect(findings.find(({ check }) => check === 'redirect')?.text).toBe(
      `register exactly ${stack.url}/oauth/callback`,
    )
  })

  test('M-014: Node too old, or not the version that is deployed', async () => {
    expect(await problems({ nodeVersion: '20.18.9' })).toEqual(['fail node node-too-old'])
    expect(await problems({ nodeVersion: '18.20.1' })).toEqual(['fail node node-too-old'])
    expect(await problems({ nodeVersion: '20.19.0' })).toEqual(['warn node node-not-deployed'])
    expect(await problems({ nodeVersion: '24.11.1' })).toEqual([])
  })

  test('N7: a Node whose support ends within six months, or has ended, is named with the day', async () => {
    const node = async (at: string, nodeVersion: string): Promise<Finding | undefined> =>
      (await preflight({ environment: {}, nodeVersion, now: () => Date.parse(at) }))[0]
    expect(await node('2026-10-01', '22.23.3')).toEqual({ verdict: 'pass', check: 'node', text: 'Node 22.23.3' })
    expect(await node('2026-11-30', '22.23.3')).toMatchObject({
      verdict: 'warn',
      text: 'Node 22.23.3, which ends on 2027-04-30',
      remedy: { id: 'node-ends' },
    })
    expect((await node('2027-05-01T08:00Z', '22.23.3'))?.text).toContain('ended on 2027-04-30')
    expect(await node('2026-11-30', '20.19.0')).toMatchObject({
      text: 'Node 20.19.0, which ended on 2026-04-30',
      remedy: { id: 'node-not-deployed' },
    })
    expect(await node('2026-11-30', '24.11.1')).toMatchObject({ verdict: 'pass' })
  })

  test('M-014 M-006: wrong settings are all named at once, and nothing else is judged', async () => {
    const findings = await run({ settings: { KEY_VAULT_URL: '', LANE_MAILS: 'many', ENVIRONMENT_ID: 'Bad Id' } })
    expect(findings.map(({ verdict, text }) => `${verdict} ${text.split(' ')[0]}`)).toEqual([
      'pass Node',
      'fail ENVIRONMENT_ID',
      'fail KEY_VAULT_URL',
      'fail LANE_MAILS',
    ])
  })

  test('M-014: a host name without an address', async () => {
    expect(await problems({ settings: { KEY_VAULT_URL: 'https://vault.invalid' } })).toEqual([
      'fail names name-unresolved',
      'fail vault vault-unavailable',
      'fail registrations vault-unavailable',
    ])
    expect(await problems({ settings: { DNS_RESOLVER_URL: 'https://resolver.invalid/resolve' } })).toEqual([
      'warn names name-unresolved',
      'warn resolver discovery-unreachable',
    ])
  }, 60_000)

  test('M-014: each storage service that does not answer, on its own', async () => {
    expect(await problems({ settings: storageWith('Blob', closed) })).toEqual(['fail blobs storage-unavailable'])
    expect(await problems({ settings: storageWith('Queue', closed) })).toEqual(['fail queues storage-unavailable'])
    expect(await problems({ settings: storageWith('Table', closed) })).toEqual(['fail tables storage-unavailable'])
  }, 60_000)

  test('M-014: a vault that does not answer, and one that refuses', async () => {
    expect(await problems({ settings: { KEY_VAULT_URL: closed } })).toEqual([
      'fail vault vault-unavailable',
      'fail registrations vault-unavailable',
    ])
    stack.vault.control.fail({ status: 403 })
    try {
      expect(await problems({})).toEqual(['fail vault vault-forbidden', 'fail registrations vault-forbidden'])
    } finally {
      stack.vault.control.recover()
    }
  })

  test('M-014: provider, Graph and discovery that do not answer or are something else', async () => {
    expect(await problems({ settings: { MICROSOFT_LOGIN_ORIGIN: closed } })).toEqual([
      'fail provider provider-unreachable',
    ])
    expect(await problems({ settings: { MICROSOFT_LOGIN_ORIGIN: stack.graph.url } })).toEqual([
      'fail provider provider-unreachable',
    ])
    expect(await problems({ settings: { MICROSOFT_GRAPH_ORIGIN: closed } })).toEqual(['fail graph graph-unreachable'])
    expect(await problems({ settings: { MICROSOFT_GRAPH_ORIGIN: stack.url } })).toEqual([
      'fail graph graph-unreachable',
    ])
    expect(await problems({ settings: { AUTOCONFIG_URL: `${closed}/v1.1/` } })).toEqual([
      'warn autoconfig discovery-unreachable',
    ])
  })

  test('M-014: a public address where nobody or something else answers, and a redirect URI that leads elsewhere', async () => {
    expect(await problems({ settings: { PUBLIC_BASE_URL: closed } })).toEqual(['fail address address-unreachable'])
    expect(await problems({ settings: { PUBLIC_BASE_URL: stack.entra.url } })).toEqual(['fail address address-foreign'])
    const otherName = stack.url.replace('localhost', '127.0.0.1')
    expect(await problems({ settings: { PUBLIC_BASE_URL: otherName } })).toEqual(['fail redirect redirect-wrong'])
  })

  test('M-014: a clock that is off', async () => {
    expect(await problems({ laterMs: 120_000 })).toEqual(['fail provider clock-skew'])
  })

  test('M-014 M-082: client secrets that end soon, have ended or are missing', async () => {
    const of = async (change: Change) => (await problems(change)).filter((line) => line.includes('registrations'))
    expect(await of({ laterMs: 60 * dayMs })).toEqual([])
    expect(await of({ laterMs: 75 * dayMs })).toEqual(['warn registrations secret-expiring'])
    expect(await of({ laterMs: 101 * dayMs })).toEqual(['fail registrations secret-expired'])
    const empty = { ENVIRONMENT_ID: 'empty' }
    expect(await problems({ settings: empty })).toEqual([
      'warn timers not-started',
      'warn registrations registration-none',
    ])
    const tables = TableClient.fromConnectionString(stack.connectionString, 'emptytenants', {
      allowInsecureConnection: true,
    })
    await tables.createTable()
    await tables.createEntity({ partitionKey: '~', rowKey: 'timers', since: Date.now() - 4 * 60_000 })
    await tables.createEntity({
      partitionKey: '~',
      rowKey: 'registration~lost',
      name: 'Lost',
      authority: 'https://login.microsoftonline.com/common',
      clientId: 'x',
      secretName: 'empty-r-lost-1',
    })
    expect(await problems({ settings: empty })).toEqual([
      'fail timers timers-silent',
      'fail registrations secret-missing',
    ])
  })

  test('N7: without a file it takes what npm start wrote, and says so; with nothing at all it says what to do', () => {
    const empty = mkdtempSync(join(tmpdir(), 'preflight-empty-'))
    const { ENVIRONMENT_ID, ...env } = process.env
    const preflightThere = () =>
      spawnSync(process.execPath, [join(root, 'dist/local/tools/preflight/main.js')], {
        cwd: empty,
        env,
        encoding: 'utf8',
      })
    try {
      expect(preflightThere()).toMatchObject({ status: 2, stderr: expect.stringContaining('npm start') })
      mkdirSync(join(empty, '.gateway/state'), { recursive: true })
      // Wrong on purpose: nothing is asked of any service then.
      const Values = { ALLOW_LOOPBACK_MAIL_HOSTS: 'true', ENVIRONMENT_ID: 'Bad Id' }
      writeFileSync(join(empty, '.gateway/state/local.settings.json'), JSON.stringify({ Values }))
      const { status, stdout } = preflightThere()
      expect(status).toBe(1)
      expect(stdout).toContain(
        '.gateway/state/local.settings.json: of a gateway on this machine, which must be running',
      )
      expect(stdout).toContain('ENVIRONMENT_ID')
    } finally {
      rmSync(empty, { recursive: true, force: true })
    }
  })

  test('M-014: one command prints it all; a failure ends with exit code 1 and a remedy', async () => {
    // As docs/deploy.md says: npm run preflight -- --settings app.json, with what "az functionapp config appsettings list"
    // prints. Asynchronous, because the emulators it asks live in this process.
    const command = (file: string, settings: Record<string, string>) =>
      new Promise<{ status: number; stdout: string }>((resolve) => {
        const list = Object.entries(settings).map(([name, value]) => ({ name, slotSetting: false, value }))
        writeFileSync(join(folder, file), JSON.stringify(list))
        const words = [join(root, 'dist/local/tools/preflight/main.js'), '--settings', file]
        execFile(process.execPath, words, { cwd: folder, timeout: 45_000 }, (error, stdout) =>
          resolve({ status: error === null ? 0 : Number(error.code), stdout }),
        )
      })
    const [good, bad] = await Promise.all([
      command('app.json', stack.settings),
      command('bad.json', { ...stack.settings, KEY_VAULT_URL: closed }),
    ])
    expect([good.status, good.stdout]).toEqual([0, expect.stringContaining(' 0 fail')])
    expect(bad.status).toBe(1)
    expect(bad.stdout).toMatch(/fail {2}vault .*\n +vault-unavailable: \S+/)
    expect(bad.stdout).not.toContain('a-secret-for-the-preflight')
  }, 60_000)

  test('M-014: every remedy has a meaning and a cure', () => {
    for (const [id, [meaning, cure]] of Object.entries(remedies)) {
      expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/)
      expect(meaning.length, id).toBeGreaterThan(10)
      expect(cure.length, id).toBeGreaterThan(10)
    }
  })
})
