/** What administrators change: client secrets and API keys. */
import { describe, expect, test } from 'vitest'
import type { Gateway } from '../../lib/gateway.js'
import { demo } from '../../local/emulators/demo-directory.js'
import { registrationInput } from '../support/connect/connect-site.js'
import { scan } from '../support/general/canary-scan.js'
import { everyMailbox } from '../support/general/every.js'
import { shiftedClock } from '../support/http/admin-site.js'
import type { OperationKey } from '../support/http/api-call.js'
import { as, connectionString, names, type Of, other, site, useTwoWorkers } from '../support/http/two-workers.js'
import { storedTables, tableRows } from '../support/storage/stored.js'

useTwoWorkers()

const operator = (name: OperationKey, input: Of = {}) => as(site.operatorKey)(name, input)

/** A token from the provider, whatever is remembered. */
async function renew(g: Gateway, tenant: string, connectionId: string): Promise<void> {
  const authority = await g.tokens.readAuthority(
    { tenant, connectionId },
    { user: 'me@contoso.example', resource: 'graph' },
  )
  if (authority.kind !== 'bearer') throw new Error('no bearer')
  await authority.token()
  const calls = secretsUsed().length
  // What another worker renewed meanwhile is taken first.
  while (secretsUsed().length === calls) await authority.token({ renew: true })
}
const secretsUsed = () =>
  site.entra.control.requests
    .filter(({ form }) => form['grant_type'] === 'refresh_token')
    .map(({ form }) => form['client_secret'])

describe('the client secret of a registration', () => {
  const put = (tenant: { key: string; registrationId: string }, clientSecret: string) =>
    as(tenant.key)('registrationSave', {
      params: { id: tenant.registrationId },
      body: { ...registrationInput, clientSecret, clientSecretExpiresAt: '2028-01-01T00:00:00Z' },
    })

  test('M-081: rotated without a restart or reconnect; a worker that remembers the former one reads again', async () => {
    const acme = await site.tenant('rotating')
    const { connectionId } = await site.mailbox(acme.id)
    for (const g of [site.gateway, other]) await renew(g, acme.id, connectionId)
    const next = 'second-client-secret-of-the-test'
    const app = site.directory.app(demo.clientId)!
    app.secrets = [{ value: next }]
    try {
      const saved = await put(acme, next)
      expect(saved.status).toBe(200)
      site.entra.control.reset()
      await renew(site.gateway, acme.id, connectionId)
      expect(secretsUsed()).toEqual([next])
      site.entra.control.reset()
      await renew(other, acme.id, connectionId)
      expect(secretsUsed()).toEqual([demo.clientSecret, next])
      const shown = await as(acme.key)('registrationList')
      expect(shown.json.registrations[0]).toMatchObject({
        secretExpiresAt: '2028-01-01T00:00:00Z',
        credential: 'secret',
      })
      expect(shown.json.registrations[0].secretFingerprint).toMatch(/^[0-9a-f]{12}$/)
      const texts = [saved, shown].map(({ json }) => ({ place: 'answer', text: JSON.stringify(json) }))
      expect(scan(texts, [next, demo.clientSecret])).toEqual([])
      expect(scan([{ place: 'planted', text: `…${next}…` }], [next])).toEqual(['planted'])
      const [mailbox] = await everyMailbox(site.gateway, acme.id)
      expect(mailbox).toMatchObject({ connectionState: 'connected', connectionReason: '' })
    } finally {
      app.secrets = [{ value: demo.clientSecret }]
    }
  })

  test('M-081: what waited for the new secret works the moment it is saved', async () => {
    const acme = await site.tenant('expired-secret')
    const { connectionId, mailboxId } = await site.mailbox(acme.id)
    const app = site.directory.app(demo.clientId)!
    app.secrets = [{ value: demo.clientSecret, expiresAt: Date.now() - 1 }]
    try {
      await expect(renew(site.gateway, acme.id, connectionId)).rejects.toMatchObject({ class: 'needs-admin' })
      site.entra.control.reset()
      await expect(renew(site.gateway, acme.id, connectionId)).rejects.toMatchObject({ class: 'needs-admin' })
      expect(secretsUsed()).toEqual([])
      expect(await site.gateway.admin.readMailboxFacts(acme.id, mailboxId)).toMatchObject({
        connectionState: 'needs-admin',
      })
      app.secrets = [{ value: 'third-client-secret-of-the-test' }]
      await put(acme, 'third-client-secret-of-the-test')
      await renew(other, acme.id, connectionId)
      expect(await site.gateway.admin.readMailboxFacts(acme.id, mailboxId)).toMatchObject({
        connectionState: 'connected',
      })
    } finally {
      app.secrets = [{ value: demo.clientSecret }]
    }
  })

  test('a registration in use is kept unless forced; its secrets go with it', async () => {
    const acme = await site.tenant('deregistering')
    await site.mailbox(acme.id)
    const kept = () =>
      site.vault
        .snapshot()
        .filter(({ name, deletedAt }) => name.includes(acme.registrationId) && deletedAt === undefined)
    await put(acme, 'another-secret')
    await put(acme, demo.clientSecret)
    expect(kept()).toHaveLength(2)
    const params = { id: acme.registrationId }
    const refused = await as(acme.key)('registrationRemove', { params })
    expect(refused).toMatchObject({ status: 409, json: { code: 'registration_in_use' } })
    expect((await as(acme.key)('registrationRemove', { params, query: { force: 'true' } })).status).toBe(204)
    expect(kept()).toHaveLength(0)
    expect((await as(acme.key)('registrationRemove', { params })).status).toBe(404)
  })
})

describe('API keys', () => {
  test('made, shown once, stored as a hash, revoked here at once and elsewhere within a minute', async () => {
    const acme = await site.tenant('keys')
    const made = await as(acme.key)('keyCreate', { body: { role: 'app', name: 'shop' } })
    expect(made.status).toBe(201)
    const { key, id } = made.json
    const secret = key.split('_').at(-1)
    const stored = await tableRows(connectionString, names().table('tenants'), acme.id)
    const texts = [...stored, (await as(acme.key)('keyList')).json.keys].map((one) => ({
      place: 'row',
      text: JSON.stringify(one),
    }))
    expect(scan(texts, [secret, key])).toEqual([])
    expect((await as(key)('tenantShow')).status).toBe(200)
    expect((await as(key)('keyList')).status).toBe(403)
    let aheadMs = 0
    const remembering = await site.worker(0, { clock: shiftedClock(() => Date.now() + aheadMs) })
    await remembering.authenticate(key)
    expect((await as(acme.key)('keyRemove', { params: { id } })).status).toBe(204)
    expect((await as(key)('tenantShow')).status).toBe(401)
    const later = await site.worker(61_000)
    await expect(later.authenticate(key)).rejects.toMatchObject({ status: 401 })
    aheadMs = 61_000
    await expect(remembering.authenticate(key)).rejects.toMatchObject({ status: 401 })
  })

  test('a key ends at its expiry, to the second, also where it is remembered', async () => {
    const acme = await site.tenant('expiring')
    const { json } = await as(acme.key)('keyCreate', { body: { role: 'app', name: 'day', expiresInDays: 1 } })
    expect(Date.parse(json.expiresAt) - Date.now()).toBeGreaterThan(86_390_000)
    let now = Date.parse(json.expiresAt) - 1_000
    const g = await site.worker(0, { clock: shiftedClock(() => now) })
    expect(await g.authenticate(json.key)).toMatchObject({ tenant: acme.id, role: 'app' })
    now += 2_000
    await expect(g.authenticate(json.key)).rejects.toMatchObject({ code: 'unauthorized' })
  })

  test("an operator's keys: only of the deployment, listed, revoked, never the one in use", async () => {
    const acme = await site.tenant('operators')
    const refused = await as(acme.key)('keyCreate', { body: { role: 'operator', name: 'no' } })
    expect(refused).toMatchObject({ status: 403, json: { code: 'forbidden_role' } })
    const wrong = await operator('keyCreate', { tenant: '~', body: { role: 'app', name: 'no' } })
    expect(wrong.json.problems[0].field).toBe('role')
    expect((await operator('mailboxList', { tenant: '~' })).json.problems[0].field).toBe('x-tenant')
    const { json: second } = await operator('keyCreate', { tenant: '~', body: { role: 'operator', name: 'second' } })
    const listed = (await operator('keyList', { tenant: '~' })).json.keys as { id: string; role: string }[]
    // N5: what needs attention of the deployment itself (a Node that ends, a tenant being removed) is an operator's to read.
    const page = { attention: expect.any(Array), next: null }
    expect(await operator('attentionList', { tenant: '~' })).toMatchObject({ status: 200, json: page })
    expect(listed.map(({ role }) => role)).toEqual(['operator', 'operator'])
    const own = await as(second.key)('keyRemove', { tenant: '~', params: { id: second.id } })
    expect(own).toMatchObject({ status: 409, json: { code: 'key_in_use' } })
    expect((await operator('keyRemove', { tenant: '~', params: { id: second.id } })).status).toBe(204)
    expect((await as(second.key)('tenantList')).status).toBe(401)
  })

  test('eight workers that start at once make one operator key, and it is the one in the vault', async () => {
    const before = process.env['ENVIRONMENT_ID']
    process.env['ENVIRONMENT_ID'] = `b${before?.slice(0, 5)}`
    try {
      await storedTables(connectionString).ensure(names().table('tenants'))
      const workers = await Promise.all(Array.from({ length: 8 }, () => site.worker()))
      await Promise.all(workers.map((g) => g.admin.bootstrapOperatorKey()))
      const rows = await tableRows(connectionString, names().table('tenants'), '~')
      expect(rows.filter(({ rowKey }) => rowKey.startsWith('apikey~'))).toHaveLength(1)
      const stored = site.vault.snapshot().find(({ name }) => name === `${names().environment}-operator-key`)
      expect(stored?.versions).toHaveLength(1)
      const caller = await workers[0]!.authenticate(stored!.versions[0]!.value)
      expect(caller).toMatchObject({ role: 'operator', tenant: '~' })
    } finally {
      process.env['ENVIRONMENT_ID'] = before
    }
  })

  test('a worker that dies between vault and row leaves the next one to finish the same key', async () => {
    const before = process.env['ENVIRONMENT_ID']
    process.env['ENVIRONMENT_ID'] = `d${before?.slice(0, 5)}`
    try {
      const first = await site.worker()
      const tables = storedTables(connectionString)
      const dies = { ...tables, upsert: () => Promise.reject(new Error('died')) }
      await tables.ensure(names().table('tenants'))
      const dying = await site.worker(0, { tables: dies })
      await expect(dying.admin.bootstrapOperatorKey()).rejects.toThrow('died')
      // The lease of the dead worker runs out.
      await tables.upsert(names().table('tenants'), { partitionKey: '~', rowKey: 'bootstrap', leaseUntil: 0 })
      await first.admin.bootstrapOperatorKey()
      const stored = site.vault.snapshot().find(({ name }) => name === `${names().environment}-operator-key`)
      expect(stored?.versions).toHaveLength(1)
      expect(await first.authenticate(stored!.versions[0]!.value)).toMatchObject({ role: 'operator' })
    } finally {
      process.env['ENVIRONMENT_ID'] = before
    }
  })
})
