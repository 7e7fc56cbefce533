/** What each journey may cost, counted on the wire at Azurite, Key Vault, Entra, Graph and the mail servers. */
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { storageNames } from '../../lib/model/names.js'
import { connectionToRow } from '../../lib/rows/connections.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { azureTables } from '../../lib/stores/azure-tables.js'
import { type Certificates, makeCertificates } from '../../local/emulators/certificate.js'
import { type ImapEmulator, startImap } from '../../local/emulators/imap/start-imap.js'
import { type SmtpEmulator, startSmtp } from '../../local/emulators/smtp/start-smtp.js'
import { operationBudgets, type StorageBudget } from '../../local/tools/costs/operation-budgets.js'
import { type ConnectSite, followLink, registrationInput, startConnectSite } from '../support/connect/connect-site.js'
import { sampleConnection } from '../support/general/sample-connection.js'
import { sampleMailbox } from '../support/general/sample-mailbox.js'
import { countStorage, type StorageCounter } from '../support/storage/storage-counter.js'

const tenant = 'acme'
const boxes = 3
const mailsEach = 5
let counter: StorageCounter
let site: ConnectSite
let imap: ImapEmulator
let smtp: SmtpEmulator
let certificates: Certificates
const graphBoxes: { mailboxId: string; address: string; connectionId: string }[] = []
const imapBoxes: typeof graphBoxes = []

beforeAll(async () => {
  counter = await countStorage(inject('azurite'))
  site = await startConnectSite(counter.connectionString)
  certificates = await makeCertificates()
  const accounts = () => ({ password: 'right' })
  imap = await startImap({ accounts, mode: 'implicit', tls: certificates })
  smtp = await startSmtp({ accounts, mode: 'implicit', tls: certificates })
  await site.gateway.admin.createTenant({ id: tenant, name: 'Acme Ltd' })
  await site.gateway.admin.saveRegistration({ tenant }, registrationInput)
  for (let n = 0; n < boxes; n++) {
    graphBoxes.push(await graphBox(`graph${n}@contoso.example`))
    imapBoxes.push(await imapBox(`imap${n}@postbox.example`))
  }
  // Adapters, keys and tokens are in memory from here on, as in a process that has run for a while.
  for (const all of [graphBoxes, imapBoxes]) {
    await deliver(all, 1)
    await poll(all)
  }
})
afterAll(async () => {
  await Promise.all([site.stop(), imap.stop(), smtp.stop()])
  await counter.stop()
})

async function graphBox(address: string) {
  site.directory.addUser({ upn: address, password: 'x' })
  const asked = {
    displayName: '',
    receive: true,
    send: true,
    transport: 'auto',
    confirmation: 'confirmed-by-link',
  } as const
  const { link, signInId } = await site.gateway.connect.startSignIn(
    { tenant, role: 'tenant-admin' },
    { ...asked, address },
  )
  await followLink(site, link, address)
  const { mailboxId, connectionId } = await site.gateway.connect.describeSignIn(tenant, signInId)
  return { mailboxId, connectionId, address }
}

async function imapBox(address: string) {
  const tables = azureTables({ connectionString: counter.connectionString })
  const names = storageNames(site.gateway.config.environment)
  const connection = sampleConnection({ mode: 'password', provider: 'basic', username: address })
  const connectionId = connection.id
  await tables.insert(names.table('connections'), connectionToRow(connection))
  await site.gateway.tokens.storeGrant({ tenant, connectionId, grant: { kind: 'password', password: 'right' } })
  const server = { host: '127.0.0.1', tls: 'implicit', ca: certificates.ca } as const
  const mailbox = sampleMailbox({
    key: newId().slice(0, 5),
    address,
    receive: { transport: 'imap', connectionId, imap: { ...server, port: imap.port, folder: 'INBOX' } },
    send: { transport: 'smtp', connectionId, smtp: { ...server, port: smtp.port } },
  })
  await tables.insert(names.table('mailboxes'), toRow(mailbox))
  return { mailboxId: mailbox.id, connectionId, address }
}

async function deliver(to: typeof graphBoxes, mails: number): Promise<void> {
  for (const { address } of to)
    for (let n = 0; n < mails; n++) {
      const raw = `From: kim@example.com\r\nSubject: ${n}\r\nMessage-ID: <${newId()}@example.com>\r\n\r\nHello\r\n`
      if (to === graphBoxes) site.directory.deliver(address, raw)
      else imap.deliver(address, raw)
    }
}

const poll = (all: typeof graphBoxes) =>
  site.gateway.receive.pollBatch({ v: 1, mailboxes: all.map(({ mailboxId }) => ({ tenant, mailboxId })) })

/** Runs the journey and counts what it asked of everybody. */
async function costOf(journey: () => Promise<unknown>) {
  counter.take()
  site.entra.control.reset()
  site.graph.control.reset()
  site.vault.control.resetCounts()
  imap.commands.length = 0
  const [imapBefore, smtpBefore] = [imap.counts.logins, smtp.logins]
  await journey()
  const { set, ...read } = site.vault.control.counts
  return {
    storage: counter.take(),
    vaultReads: Object.values(read).reduce((sum, one) => sum + one, 0),
    vaultWrites: set,
    entra: site.entra.control.requests.map(({ path }) => path),
    graph: site.graph.control.requests.map(({ kind }) => kind),
    logins: imap.counts.logins - imapBefore + smtp.logins - smtpBefore,
  }
}

/** Each kind of request within its budget: their prices differ by a hundred. */
function expectWithin(budget: StorageBudget, times: number, ...costs: Awaited<ReturnType<typeof costOf>>[]): void {
  for (const kind of ['table', 'queue', 'blob'] as const) {
    const requests = costs.flatMap(({ storage }) => storage[kind])
    expect(requests.length / times, `${kind}\n${requests.join('\n')}`).toBeLessThanOrEqual(budget[kind])
  }
}

/** What so many mails and the one drain that sends them may cost. */
function drained(mails: number): StorageBudget {
  const { mailOut, drain } = operationBudgets
  const sum = (kind: keyof StorageBudget): number => mails * mailOut[kind] + drain[kind]
  return { table: sum('table'), queue: sum('queue'), blob: sum('blob') }
}

const nothingElse = { vaultReads: 0, vaultWrites: 0, entra: [] }
const both = [
  { transport: 'Graph', all: graphBoxes },
  { transport: 'IMAP and SMTP', all: imapBoxes },
]

test.each(both)('performance: one mail in over $transport costs at most 8 storage requests', async ({ all }) => {
  await deliver(all, mailsEach)
  const cost = await costOf(async () => {
    for (const result of await poll(all)) expect(result).toMatchObject({ outcome: 'mail', handedOver: mailsEach })
  })
  expect(cost).toMatchObject(nothingElse)
  expectWithin(operationBudgets.mailIn, boxes * mailsEach, cost)
  if (all === graphBoxes) expect(cost.graph).toHaveLength(boxes * (1 + mailsEach))
  else expect(cost.logins).toBe(boxes)
})

test.each(both)(
  'performance: an idle poll over $transport costs 4 storage requests and no log row',
  async ({ all }) => {
    const cost = await costOf(async () => {
      for (const result of await poll(all)) expect(result).toMatchObject({ outcome: 'idle' })
    })
    expect(cost).toMatchObject(nothingElse)
    expectWithin(operationBudgets.idlePoll, boxes, cost)
    expect(cost.storage.all.filter((one) => /log\d|queue|blob/.test(one))).toEqual([])
    if (all === graphBoxes) expect(cost.graph).toEqual(Array.from({ length: boxes }, () => 'delta'))
    else expect(cost.logins).toBe(boxes)
  },
)

test('performance: one refresh is one token call and at most 5 storage requests, without a vault write', async () => {
  const tables = azureTables({ connectionString: counter.connectionString })
  const table = storageNames(site.gateway.config.environment).table('connections')
  for (const { connectionId } of graphBoxes) {
    const key = { partitionKey: `${tenant}~${connectionId}`, rowKey: 'grant' }
    await tables.upsert(table, { ...key, accessUntil_graph: Date.now() + 6 * 60_000 })
  }
  const connections = graphBoxes.map(({ connectionId }) => ({ tenant, connectionId }))
  const cost = await costOf(() => site.gateway.tokens.refreshBatch({ v: 1, connections }))
  expect(cost.entra.filter((path) => path.endsWith('/token'))).toHaveLength(boxes)
  expectWithin(operationBudgets.refresh, boxes, cost)
  expect(cost.vaultWrites).toBe(0)
})

const submission = (mailboxId: string) =>
  parseMailSubmission({ to: ['kim@example.com'], subject: 'Offer', text: 'Hello', mailboxId })

test.each(both)(
  'performance: one mail out over $transport costs at most 14 storage requests, and each drain 12',
  async ({ all }) => {
    const [{ mailboxId }] = all as [(typeof all)[number]]
    const drain = () => site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
    const { acceptMail } = site.gateway.send
    await acceptMail(tenant, { submission: submission(mailboxId) })
    await drain()
    const mails = 20
    const accepted = await costOf(async () => {
      for (let n = 0; n < mails; n++) await acceptMail(tenant, { submission: submission(mailboxId) })
    })
    const sent = await costOf(drain)
    expect(accepted).toMatchObject({ ...nothingElse, graph: [], logins: 0 })
    expect(sent).toMatchObject(nothingElse)
    expectWithin(drained(mails), 1, accepted, sent)
    const alone = await costOf(async () => {
      await acceptMail(tenant, { submission: submission(mailboxId) })
      await drain()
    })
    expectWithin(drained(1), 1, alone)
    const reads = (what: RegExp): string[] => alone.storage.table.filter((one) => what.test(one))
    expect(reads(/GET .*connections/)).toHaveLength(1)
    expect(reads(/GET .*RowKey='lane~0'/)).toHaveLength(1)
  },
)

test.each(both)('performance: a cold process sends its first mail over $transport', async ({ all }) => {
  const [{ mailboxId }] = all as [(typeof all)[number]]
  await site.gateway.send.acceptMail(tenant, { submission: submission(mailboxId) })
  vi.resetModules()
  const { gateway } = await import('../../lib/gateway.js')
  const cold = await gateway()
  const cost = await costOf(() => cold.send.drainLane({ v: 1, tenant, mailboxId }))
  // The key that opens sealed columns, or the password; never a token call.
  expect(cost).toMatchObject({ vaultReads: 1, vaultWrites: 0, entra: [] })
  expect(cost.storage.all.length, cost.storage.all.join('\n')).toBeLessThanOrEqual(25)
  if (all === graphBoxes) expect(cost.graph).toEqual(['draft', 'send'])
  else expect(cost.logins).toBe(1)
})

test('performance: a reconnect, from the link to the result page, costs at most 49 storage requests', async () => {
  const [{ mailboxId, address }] = graphBoxes as [(typeof graphBoxes)[number]]
  const { link } = await site.gateway.connect.startReconnect({ tenant, mailboxId })
  const { storage } = await costOf(() => followLink(site, link, address))
  expect(storage.all.length, storage.all.join('\n')).toBeLessThanOrEqual(49)
  // The gate is opened once, and nothing that opening it does is done beside it.
  const asked = (what: RegExp): number => storage.all.filter((one) => what.test(one)).length
  expect([asked(/mailbox-send~/), asked(/due.*lane~|POST .*due$/), asked(/-mail-send\/messages/)]).toEqual([1, 1, 1])
})
