import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Operation } from '../../lib/http/api/operation.js'
import { operations } from '../../lib/http/api/operations.js'
import { registrationInput } from '../support/connect/connect-site.js'
import { type AdminSite, startAdminSite } from '../support/http/admin-site.js'
import { type ApiAnswer, callApi, type OperationKey } from '../support/http/api-call.js'
import { type Input, validCalls } from '../support/http/valid-calls.js'

let site: AdminSite
let acme: Awaited<ReturnType<AdminSite['tenant']>>
let box: Awaited<ReturnType<AdminSite['mailbox']>>
let changes: Awaited<ReturnType<typeof validCalls>>['changes']

beforeAll(async () => {
  site = await startAdminSite(inject('azurite'))
  acme = await site.tenant('audited')
  box = await site.mailbox(acme.id)
  changes = (await validCalls(site, acme, box)).changes
})
afterAll(() => site.stop())

const call = (name: OperationKey, input: Input = {}): Promise<ApiAnswer> => callApi(name, { key: acme.key, ...input })
const box1 = (): Input => ({ params: { id: box.mailboxId } })

const changing = (Object.entries(operations) as [OperationKey, Operation][]).filter(
  ([, { method, name }]) => method !== 'GET' && name !== 'mail-submit',
)

test('each operation that changes something leaves a row in the audit log: who, what, about which', async () => {
  expect(Object.keys(changes).sort()).toEqual(changing.map(([key]) => key).sort())
  for (const [key, operation] of changing) {
    const { by, ...input } = await changes[key]!()
    const credential = by === 'operator' ? site.operatorKey : acme.key
    const answer = await callApi(key, { key: credential, ...input })
    expect(answer.status, `${key} ${JSON.stringify(answer.json)}`).toBeLessThan(300)
    const log = await site.gateway.ops.listLog(operation.tenant ? acme.id : '~', { log: 'audit', limit: 20 })
    const row = log.find(({ action }) => action === operation.name)
    const [, , keyId] = credential.split('_')
    expect(row, key).toMatchObject({ role: by ?? 'tenant-admin', keyId })
    if (!operation.name.startsWith('settings-')) expect(row?.['subject'], key).not.toBe('')
    expect(JSON.stringify(row), key).not.toMatch(/mbg_|whsec_|@/)
  }
}, 60_000)

test('a refused call and a dry run change nothing and leave no row', async () => {
  const rows = async () => (await site.gateway.ops.listLog(acme.id, { log: 'audit', limit: 200 })).length
  const before = await rows()
  expect((await call('mailboxChange', { ...box1(), body: { key: 'too-long' } })).status).toBe(400)
  expect((await call('settingsSave', { body: {}, query: { dryRun: 'true' } })).status).toBe(200)
  expect((await call('mailboxRemove', { params: { id: 'a'.repeat(26) } })).status).toBe(404)
  expect(await rows()).toBe(before)
})

const long = 'x'.repeat(2_000)
/** Bad input of administrators: operation, body or query, the field at fault, and the limit that must be named. */
const refusals: [OperationKey, Input, field: string, limit: RegExp][] = [
  ['keyCreate', { body: { role: 'king', name: 'x' } }, 'role', /app.*tenant-admin.*operator/],
  ['keyCreate', { body: { role: 'app', name: '' } }, 'name', /empty/],
  ['keyCreate', { body: { role: 'app', name: long } }, 'name', /100/],
  ['keyCreate', { body: { role: 'app', name: 'x', expiresInDays: 731 } }, 'expiresInDays', /730/],
  ['keyCreate', { body: { role: 'app', name: 'x', surprise: 1 } }, 'surprise', /not a field/],
  ['returnUrlAdd', { body: { url: 'http://app.example.com' } }, 'url', /https/],
  ['returnUrlAdd', { body: { url: `https://a.example/${long}` } }, 'url', /500/],
  ['webhookAdd', { body: { url: 'ftp://app.example.com' } }, 'url', /https/],
  ['registrationCreate', { body: { ...registrationInput, clientId: 'x' } }, 'clientId', /GUID/],
  ['registrationCreate', { body: { ...registrationInput, directory: 'x' } }, 'directory', /GUID.*organizations/],
  ['registrationCreate', { body: { ...registrationInput, clientSecret: long } }, 'clientSecret', /1000/],
  [
    'registrationCreate',
    { body: { ...registrationInput, clientSecretExpiresAt: 'soon' } },
    'clientSecretExpiresAt',
    /such as 2026-01-31T08:00:00Z/,
  ],
  ['registrationRemove', { params: { id: 'x' }, query: { force: '1' } }, 'force', /true/],
  ['mailboxChange', { params: { id: 'x' }, body: { key: 'sixsix' } }, 'key', /1 to 5/],
  ['mailboxChange', { params: { id: 'x' }, body: { displayName: long } }, 'displayName', /100/],
  ['mailboxChange', { params: { id: 'x' }, body: { description: long } }, 'description', /500/],
  ['mailboxChange', { params: { id: 'x' }, body: { purpose: long } }, 'purpose', /50/],
  ['mailboxChange', { params: { id: 'x' }, body: { sendAs: ['no address'] } }, 'sendAs[0]', /mail address/],
  ['mailboxChange', { params: { id: 'x' }, body: { sendAs: Array(51).fill('a@b.example') } }, 'sendAs', /50/],
  ['mailboxChange', { params: { id: 'x' }, body: { default: false } }, 'default', /true/],
  ['mailboxRemove', { params: { id: 'x' }, query: { force: 'yes' } }, 'force', /true/],
  ['logList', { query: { log: 'all' } }, 'log', /sending.*receiving.*audit/],
  ['logList', { query: { day: 'monday' } }, 'day', /yyyymmdd/],
  ['logList', { query: { limit: '0' } }, 'limit', /1.*200/],
]

test('every refusal of bad input names the field, the limit and the cure', async () => {
  for (const [name, input, field, limit] of refusals) {
    const { status, json } = await call(name, input)
    const about = `${name} ${field}: ${JSON.stringify(json)}`
    expect(status, about).toBe(400)
    expect(json.problems[0].field, about).toBe(field)
    expect(json.problems[0].message, about).toMatch(limit)
    expect(json.title, about).toContain(field)
    expect(json.detail.length, about).toBeGreaterThan(20)
  }
  const bad = { id: 'Not A Slug', name: 'x' }
  const { status, json } = await callApi('tenantCreate', { key: site.operatorKey, body: bad })
  expect([status, json.problems[0].field]).toEqual([400, 'id'])
  expect(json.problems[0].message).toMatch(/2 to 32/)
})
