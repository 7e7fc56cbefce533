import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Gateway } from '../../lib/gateway.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { storageNames } from '../../lib/model/names.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { registrationInput } from '../support/connect/connect-site.js'
import { everyMailbox } from '../support/general/every.js'
import { sampleMailbox } from '../support/general/sample-mailbox.js'
import { type AdminSite, startAdminSite } from '../support/http/admin-site.js'
import { callApi } from '../support/http/api-call.js'
import { environmentDump, storedTables } from '../support/storage/stored.js'

const connectionString = inject('azurite')
const twin = `t${newId().slice(0, 6)}`
const tenant = 'acme'
const far = 100 * 86_400_000
let site: AdminSite
/** A deployment of its own on the same storage account and the same vault. */
let second: Gateway

beforeAll(async () => {
  site = await startAdminSite(connectionString)
  second = await site.worker(0, {}, { ENVIRONMENT_ID: twin })
  await second.ops.sweep()
  await site.tenant(tenant)
  await second.admin.createTenant({ id: tenant, name: 'The same in another environment' })
})
afterAll(() => site.stop())

const operatorApi = (name: Parameters<typeof callApi>[0], input: object = {}) =>
  callApi(name, { key: site.operatorKey, ...input })

test('M-011: two environments on one store consume nothing of each other', async () => {
  const caller = { role: 'operator', tenant: '~', keyId: 'test' } as const
  const { key } = await second.admin.createApiKey({ caller, tenant }, { role: 'app', name: 'app' })
  await second.admin.saveRegistration({ tenant }, registrationInput)
  const mailbox = sampleMailbox({
    tenant,
    key: 'twin',
    address: 'twin@contoso.example',
    receive: { transport: 'graph', connectionId: newId(), folder: 'inbox', after: { action: 'leave' } },
    send: { transport: 'graph', connectionId: newId() },
  })
  const tables = storedTables(connectionString)
  const names = storageNames(twin)
  await tables.insert(names.table('mailboxes'), toRow(mailbox))
  await tables.insert(names.table('names'), {
    partitionKey: tenant,
    rowKey: 'default',
    v: 1,
    mailboxId: mailbox.id,
  })
  const submission = parseMailSubmission({ to: ['ben@contoso.example'], subject: 'twin', text: 'x' })
  const { mail } = await second.send.acceptMail(tenant, { submission, idempotencyKey: 'one-key' })
  await second.receive.pollNow({ tenant, mailboxId: mailbox.id })
  const started = await second.connect.startSignIn(
    { tenant },
    {
      address: 'later@contoso.example',
      displayName: '',
      receive: true,
      send: false,
      transport: 'auto',
      confirmation: 'tenant-admin',
    },
  )
  const before = await environmentDump(connectionString, twin)
  expect(before.length).toBeGreaterThan(20)
  const secrets = () =>
    JSON.stringify(site.vault.snapshot().filter(({ name, deletedAt }) => name.startsWith(`${twin}-`) && !deletedAt))
  const secretsBefore = secrets()

  // The other environment does everything it has timers, queues and administrators for, also a hundred days later.
  const { mailboxId } = await site.mailbox(tenant)
  const own = await site.gateway.send.acceptMail(tenant, { submission, idempotencyKey: 'one-key' })
  expect(own.mail.id).not.toBe(mail.id)
  for (const g of [site.gateway, await site.worker(far)]) {
    await g.ops.sweep()
    await g.receive.mailboxesDue()
    await g.tokens.grantsDue()
    await g.send.sweepLanes()
    await g.connect.expireSignIns()
    await g.send.drainLane({ v: 1, tenant, mailboxId: mailbox.id })
    await g.receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId: mailbox.id }] })
    await expect(g.authenticate(key.reveal())).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(g.send.readMail(tenant, mail.id)).rejects.toMatchObject({ code: 'not_found' })
    await expect(g.connect.describeSignIn(tenant, started.signInId)).rejects.toMatchObject({ code: 'not_found' })
  }
  await site.gateway.admin.removeMailbox({ tenant, mailboxId }, { force: true })
  expect(await environmentDump(connectionString, twin)).toEqual(before)
  expect(secrets()).toBe(secretsBefore)

  // The control: its own timers do find it all.
  const later = await site.worker(far, {}, { ENVIRONMENT_ID: twin })
  expect(await later.receive.mailboxesDue()).toBe(1)
  expect(await later.send.sweepLanes()).toBe(1)
  expect(await later.connect.expireSignIns()).toBe(1)
  expect(await environmentDump(connectionString, twin)).not.toEqual(before)
})

test('M-011: a second connection of the same address reports its holder; release and removal free it', async () => {
  const first = await site.mailbox(tenant)
  expect(first.mailboxId).not.toBe('')
  const wanted = { address: first.address.toUpperCase(), displayName: '', receive: true, send: true }
  const again = { ...wanted, transport: 'auto' as const, confirmation: 'tenant-admin' as const }
  await expect(second.connect.startSignIn({ tenant }, again)).rejects.toMatchObject({
    code: 'mailbox_held',
    status: 409,
    description: expect.stringContaining(`environment ${process.env['ENVIRONMENT_ID']}, mailbox ${first.mailboxId}`),
  })

  // Another tenant learns that it is held only after a sign-in, not by whom, and nothing is kept of it.
  const { id: other } = await site.tenant('rival')
  const secretsBefore = site.vault.snapshot().length
  const refused = await site.mailbox(other, first.address)
  expect(refused.page).toMatchObject({ status: 409, body: expect.stringContaining('elsewhere') })
  expect(refused.page.body).not.toContain(first.mailboxId)
  expect(await everyMailbox(site.gateway, other)).toEqual([])
  expect(site.vault.snapshot().length).toBe(secretsBefore)

  const found = await operatorApi('holderList', { query: { address: first.address } })
  expect(found.json.holders).toMatchObject([
    { environment: process.env['ENVIRONMENT_ID'], tenant, mailboxId: first.mailboxId, since: expect.any(String) },
  ])
  expect((await operatorApi('holderList', { query: { address: 'nobody' } })).json.problems[0].field).toBe('address')
  expect((await operatorApi('holderRelease', { params: { id: 'f'.repeat(64) } })).status).toBe(404)
  expect((await operatorApi('holderRelease', { params: { id: found.json.holders[0].id } })).status).toBe(204)
  const rival = await site.mailbox(other, first.address)
  expect(rival.page.body).toContain('is connected')
  const facts = await site.gateway.admin.readMailboxFacts(tenant, first.mailboxId)
  expect(facts.heldBy).toBe('')

  await site.gateway.admin.removeMailbox({ tenant, mailboxId: first.mailboxId }, { force: true })
  const heldNow = async () => (await operatorApi('holderList', { query: { address: first.address } })).json.holders
  expect(await heldNow()).toMatchObject([{ tenant: other }])
  await site.gateway.admin.removeMailbox({ tenant: other, mailboxId: rival.mailboxId }, { force: true })
  expect(await heldNow()).toEqual([])
})

test('M-011: no name of one environment can be the name of another', () => {
  const tables = ['tenants', 'names', 'connections', 'mailboxes', 'signins', 'mails', 'outbox', 'received'] as const
  const all = [...tables, 'due', 'deliveries', 'attention'] as const
  const [short, long] = [storageNames('ab'), storageNames('abmails')]
  const shortNames = new Set([...all.map(short.table), short.log('auditlog', '202601')])
  for (const name of [...all.map(long.table), long.log('auditlog', '202601')]) expect(shortNames).not.toContain(name)
  // A name is environment + word; two could only meet if one word ended in another.
  for (const one of all) expect(all.filter((other) => other !== one && other.endsWith(one))).toEqual([])
})
