import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import type { Gateway } from '../../lib/gateway.js'
import { storageNames } from '../../lib/model/names.js'
import { demo } from '../../local/emulators/demo-directory.js'
import { registrationInput } from '../support/connect/connect-site.js'
import { scan } from '../support/general/canary-scan.js'
import { everyMailbox } from '../support/general/every.js'
import { type AdminSite, shiftedClock, startAdminSite } from '../support/http/admin-site.js'
import { type ApiInput, callApi, type OperationKey } from '../support/http/api-call.js'
import { storedTables, tableRows } from '../support/storage/stored.js'

const connectionString = inject('azurite')
let site: AdminSite
/** Another process on the same storage. */
let other: Gateway

beforeAll(async () => {
  site = await startAdminSite(connectionString)
  other = await site.worker()
})
afterAll(() => site.stop())
beforeEach(() => {
  site.entra.control.reset()
  site.graph.control.reset()
})

type Of = Omit<ApiInput, 'key'>
const as =
  (key: string) =>
  (name: OperationKey, input: Of = {}) =>
    callApi(name, { key, ...input })
const operator = (name: OperationKey, input: Of = {}) => as(site.operatorKey)(name, input)
const names = () => storageNames(process.env['ENVIRONMENT_ID'] ?? '')

/** A token from the provider, whatever is remembered. */
async function renew(g: Gateway, tenant: string, connectionId: string): Promise<void> {
  const authority = await g.tokens.readAuthority(tenant, connectionId, 'me@contoso.example', 'graph')
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

describe('mailboxes', () => {
  test('M-106: key of 1 to 5 characters, once per tenant; description; inactive is not polled', async () => {
    const acme = await site.tenant('fields')
    const [one, two] = [await site.mailbox(acme.id), await site.mailbox(acme.id)]
    const change = (body: object, id = one.mailboxId) => as(acme.key)('mailboxChange', { params: { id }, body })
    for (const key of ['', 'sixsix', 'A', 'a b', 'ä']) {
      const refused = await change({ key })
      expect(refused.status, key).toBe(400)
      expect(refused.json.problems[0], key).toEqual({
        field: 'key',
        message: 'must have 1 to 5 characters of a-z and 0-9',
      })
    }
    for (const key of ['a', 'five5'])
      expect(await change({ key, description: 'Orders' })).toMatchObject({
        status: 200,
        json: { key, description: 'Orders' },
      })
    expect(await change({ key: 'five5' }, two.mailboxId)).toMatchObject({
      status: 409,
      json: { code: 'mailbox_key_taken' },
    })
    expect((await change({ key: 'a' }, two.mailboxId)).status).toBe(200)

    const poll = () => other.receive.pollBatch({ v: 1, mailboxes: [{ tenant: acme.id, mailboxId: one.mailboxId }] })
    await poll()
    await change({ active: false })
    site.directory.deliver(one.address, 'From: a@b.example\r\nSubject: 1\r\n\r\nx')
    site.graph.control.reset()
    expect(await poll()).toMatchObject([{ outcome: 'off' }])
    expect(site.graph.control.requests).toEqual([])
    await change({ active: true })
    expect(await poll()).toMatchObject([{ outcome: 'mail', handedOver: 1 }])
  })

  test('M-106: two administrators rename one mailbox at once: one name stands, the others are free', async () => {
    const acme = await site.tenant('renaming')
    const { mailboxId } = await site.mailbox(acme.id)
    const keys = ['k1', 'k2', 'k3', 'k4']
    await Promise.all(
      keys.map((key, at) => (at % 2 ? other : site.gateway).admin.changeMailbox(acme.id, mailboxId, { key })),
    )
    const { key } = await site.gateway.admin.readMailboxFacts(acme.id, mailboxId)
    const rows = await tableRows(connectionString, names().table('names'), acme.id)
    expect(rows.map(({ rowKey }) => rowKey).filter((rowKey) => rowKey.startsWith('key~'))).toEqual([`key~${key}`])
  })

  test('M-020: several mailboxes, created, read, renamed, removed; a mail queued by id survives the rename', async () => {
    const acme = await site.tenant('several')
    const boxes = [await site.mailbox(acme.id), await site.mailbox(acme.id), await site.mailbox(acme.id)]
    const [, second, third] = boxes as [(typeof boxes)[0], (typeof boxes)[0], (typeof boxes)[0]]
    const call = as(acme.key)
    const mail = { mailboxId: second.mailboxId, to: ['ben@contoso.example'], subject: 'Renamed', text: 'x', hold: true }
    const { json: queued } = await call('mailSubmit', { body: mail })
    const params = { id: second.mailboxId }
    const renamed = await call('mailboxChange', { params, body: { key: 'new', displayName: 'New name' } })
    expect(renamed).toMatchObject({ status: 200, json: { key: 'new', displayName: 'New name' } })
    await call('mailRelease', { params: { id: queued.id } })
    await other.send.drainLane({ v: 1, tenant: acme.id, mailboxId: second.mailboxId })
    expect((await call('mailShow', { params: { id: queued.id } })).json).toMatchObject({
      state: 'sent',
      mailboxId: second.mailboxId,
    })
    const named = await call('mailSubmit', { body: { ...mail, mailboxId: undefined, mailbox: 'new' } })
    expect(named.status).toBe(202)
    expect((await call('mailShow', { params: { id: named.json.id } })).json.mailboxId).toBe(second.mailboxId)
    expect((await call('mailboxRemove', { params: { id: third.mailboxId } })).status).toBe(204)
    expect((await call('mailboxShow', { params: { id: third.mailboxId } })).status).toBe(404)
    expect((await call('mailboxList')).json.mailboxes.map((one: { id: string }) => one.id).sort()).toEqual(
      boxes
        .slice(0, 2)
        .map(({ mailboxId }) => mailboxId)
        .sort(),
    )
  })

  test('M-022: there is exactly one default, also after a race; a mail that names no mailbox goes out of it', async () => {
    const acme = await site.tenant('defaults')
    const [one, two] = [await site.mailbox(acme.id), await site.mailbox(acme.id)]
    const defaults = async () =>
      (await everyMailbox(site.gateway, acme.id)).filter(({ isDefault }) => isDefault).map(({ id }) => id)
    expect(await defaults()).toEqual([one.mailboxId])
    const unnamed = async () => {
      const body = { to: ['ben@contoso.example'], subject: 's', text: 'x', hold: true }
      const { json } = await as(acme.key)('mailSubmit', { body })
      return (await as(acme.key)('mailShow', { params: { id: json.id } })).json.mailboxId
    }
    expect(await unnamed()).toBe(one.mailboxId)
    await as(acme.key)('mailboxChange', { params: { id: two.mailboxId }, body: { default: true } })
    expect(await defaults()).toEqual([two.mailboxId])
    expect(await unnamed()).toBe(two.mailboxId)
    const race = Array.from({ length: 6 }, (_, at) =>
      (at % 2 ? other : site.gateway).admin.changeMailbox(acme.id, (at % 3 ? one : two).mailboxId, { default: true }),
    )
    await Promise.all(race)
    expect(await defaults()).toHaveLength(1)
  })

  test('M-034: the default and a mailbox with open mail go only by force, which ends the mail', async () => {
    const acme = await site.tenant('guards')
    const [one, two] = [await site.mailbox(acme.id), await site.mailbox(acme.id)]
    const call = as(acme.key)
    const params = { id: one.mailboxId }
    const isDefault = await call('mailboxRemove', { params })
    expect(isDefault).toMatchObject({ status: 409, json: { code: 'mailbox_is_default' } })
    expect(isDefault.json.detail).toContain('force=true')
    await call('mailboxChange', { params: { id: two.mailboxId }, body: { default: true } })
    const mail = { mailboxId: one.mailboxId, to: ['ben@contoso.example'], subject: 's', text: 'x', hold: true }
    const { json: queued } = await call('mailSubmit', { body: mail })
    const inUse = await call('mailboxRemove', { params })
    expect(inUse).toMatchObject({ status: 409, json: { code: 'mailbox_in_use' } })
    expect(inUse.json.title).toContain('1 mails')
    expect((await call('mailboxRemove', { params, query: { force: 'yes' } })).json.problems[0].field).toBe('force')
    expect((await call('mailShow', { params: { id: queued.id } })).json.state).toBe('queued')
    expect((await call('mailboxRemove', { params, query: { force: 'true' } })).status).toBe(204)
    expect((await call('mailShow', { params: { id: queued.id } })).json).toMatchObject({
      ...{ state: 'failed', held: false, lastError: { code: 'mailbox_removed' } },
    })

    expect((await call('mailboxRemove', { params: { id: two.mailboxId }, query: { force: 'true' } })).status).toBe(204)
    const unnamed = await call('mailSubmit', { body: { ...mail, mailboxId: undefined } })
    expect(unnamed).toMatchObject({ status: 422, json: { code: 'no_mail_server' } })
  })

  test('SEC-16: removed under load, nothing of the mailbox reaches a server any more, and nothing opens its secret', async () => {
    const acme = await site.tenant('disconnecting')
    const [gone, stays] = [await site.mailbox(acme.id), await site.mailbox(acme.id)]
    await as(acme.key)('mailboxChange', { params: { id: stays.mailboxId }, body: { default: true } })
    const ids: string[] = []
    for (let n = 0; n < 8; n++) {
      const mail = { mailboxId: gone.mailboxId, to: ['ben@contoso.example'], subject: `${n}`, text: 'x' }
      const body = { ...mail, hold: n >= 4 }
      ids.push((await as(acme.key)('mailSubmit', { body })).json.id)
    }
    const workers = await Promise.all([61_000, 600_000].map((ahead) => site.worker(ahead)))
    const work = async (g: Gateway, { mailboxId, connectionId }: typeof gone) => {
      await g.send.drainLane({ v: 1, tenant: acme.id, mailboxId }).catch(() => {})
      await g.receive.pollBatch({ v: 1, mailboxes: [{ tenant: acme.id, mailboxId }] })
      await g.tokens.refreshBatch({ v: 1, connections: [{ tenant: acme.id, connectionId }] })
    }
    const busy = work(other, gone)
    const removed = await as(acme.key)('mailboxRemove', { params: { id: gone.mailboxId }, query: { force: 'true' } })
    expect(removed.status).toBe(204)
    await busy

    site.entra.control.reset()
    site.graph.control.reset()
    for (const g of [site.gateway, other, ...workers]) await work(g, gone)
    expect(site.entra.control.requests).toEqual([])
    expect(site.graph.control.requests).toEqual([])
    await work(other, stays)
    expect(site.graph.control.requests.length).toBeGreaterThan(0)

    for (const g of [site.gateway, other])
      await expect(g.tokens.readAuthority(acme.id, gone.connectionId, gone.address, 'graph')).rejects.toMatchObject({
        code: 'not_connected',
      })
    const states: string[] = []
    for (const id of ids) states.push((await as(acme.key)('mailShow', { params: { id } })).json.state)
    expect(states.filter((state) => !['sent', 'failed'].includes(state))).toEqual([])
    expect(states.slice(4)).toEqual(Array(4).fill('failed'))
    const [secret] = site.vault.snapshot().filter(({ name }) => name.includes(gone.connectionId))
    expect(secret?.deletedAt).toBeDefined()
    const rows = await tableRows(connectionString, names().table('connections'))
    expect(rows.filter(({ partitionKey }) => partitionKey.includes(gone.connectionId))).toEqual([])
    const log = await site.gateway.ops.listLog(acme.id, { log: 'audit', limit: 50 })
    expect(log.find(({ action }) => action === 'connection-removed')).toMatchObject({
      subject: gone.connectionId,
      revocation: 'not offered by the provider',
    })
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
