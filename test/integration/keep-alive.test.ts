import { afterEach, beforeEach, expect, test } from 'vitest'
import { changeMailbox } from '../../lib/flows/admin/change-mailbox.js'
import { tokenFlows } from '../../lib/flows/tokens/index.js'
import type { Connection } from '../../lib/model/connection.js'
import type { Message } from '../../lib/model/messages.js'
import { storageNames } from '../../lib/model/names.js'
import type { Toolbox } from '../../lib/ports/toolbox.js'
import { mailScopes } from '../../lib/providers/microsoft-scopes.js'
import { findConnection } from '../../lib/rows/connections.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import type { MemoryQueues } from '../../lib/stores/memory-queues.js'
import { connectAccount } from '../support/connect/connect-account.js'
import { sampleMailbox } from '../support/general/sample-mailbox.js'
import { type Microsoft365, registerDemo, startMicrosoft365 } from '../support/microsoft/microsoft-365.js'
import { memoryStores } from '../support/storage/memory-stores.js'

const tenant = 'acme'
const names = storageNames('test')
const scopes = mailScopes({ receive: 'graph', send: 'graph' })
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
const secretExpiresAt = '2027-01-20T00:00:00.000Z'

let now = 0
let world: Microsoft365
let queues: MemoryQueues
let deps: Toolbox

beforeEach(async () => {
  now = Date.parse('2026-11-21T12:00:00Z')
  const clock = { now: () => now, sleep: async () => {} }
  world = await startMicrosoft365(clock)
  const stores = await memoryStores(clock, { providers: { microsoft: world.provider } })
  queues = stores.queues
  deps = stores
  await registerDemo(deps)
})
afterEach(() => world.stop())

async function connect(upn: string): Promise<Connection> {
  const first = await world.signIn(upn, scopes.token('graph'), scopes.consent)
  return connectAccount(deps, first, { provider: 'microsoft', username: upn, scopes: scopes.consent })
}

/** What the timer and its workers do. Returns how many grants were due. */
async function timer(): Promise<number> {
  const due = await tokenFlows.grantsDue(deps)
  for (const message of queues.take<Message<'connection-refresh'>>(names.queue('connection-refresh')))
    await tokenFlows.refreshBatch(deps, message)
  return due
}
const works = async (connection: Connection): Promise<boolean> => {
  const authority = await tokenFlows.readAuthority(
    deps,
    { tenant, connectionId: connection.id },
    { user: connection.username, resource: 'graph' },
  )
  const token = authority.kind === 'bearer' ? await authority.token() : undefined
  return world.entra.verifyAccessToken(token?.reveal() ?? '')?.upn === connection.username
}

test('M-085: paused for 80 days and still connected for 80 more; without the timer it would be dead', async () => {
  const paused = await connect('ana@contoso.example')
  const mailbox = sampleMailbox({
    address: paused.username,
    receive: { transport: 'graph', connectionId: paused.id, folder: 'inbox' },
  })
  await deps.tables.insert(names.table('mailboxes'), toRow(mailbox))
  await changeMailbox(deps, { tenant, mailboxId: mailbox.id }, { active: false })
  for (const started = now; now < started + 160 * day; now += 2 * day) await timer()
  expect(await works(paused)).toBe(true)

  now += 91 * day
  await expect(works(paused)).rejects.toMatchObject({ class: 'transient' })
  now += 4 * minute
  await expect(works(paused)).rejects.toMatchObject({ class: 'needs-reconnect' })
  expect((await findConnection(deps, tenant, paused.id))?.state).toBe('needs-reconnect')
})

test('M-085: a start after 30 hours renews at once what fell due meanwhile', async () => {
  const connections = [await connect('ana@contoso.example'), await connect('ben@contoso.example')]
  now += 30 * hour
  world.entra.control.reset()
  expect(await timer()).toBe(2)
  const calls = world.entra.control.requests.filter((one) => one.form['grant_type'] === 'refresh_token')
  expect(calls).toHaveLength(2)
  for (const connection of connections) expect(await works(connection)).toBe(true)
  expect(await timer()).toBe(0)
})

test('M-086: last refresh, next refresh and projected death, by the clock and the earlier of two ends', async () => {
  const connection = await connect('ana@contoso.example')
  const facts = async () => (await tokenFlows.listConnectionFacts(deps, tenant, { limit: 1 })).connections[0]!
  expect(await tokenFlows.readConnectionFacts(deps, tenant, connection.id)).toEqual(await facts())
  const connectedAt = now
  const first = await facts()
  expect(first).toMatchObject({
    id: connection.id,
    state: 'connected',
    failures: 0,
    lastRefresh: new Date(connectedAt).toISOString(),
    projectedDeath: { at: new Date(connectedAt + 90 * day).toISOString(), why: 'unused' },
  })
  const untilNext = Date.parse(first.nextRefresh) - connectedAt
  expect(untilNext).toBeGreaterThan(30 * minute)
  expect(untilNext).toBeLessThan(60 * minute)
  expect(JSON.stringify(first)).not.toMatch(/secretKey|access_graph|secretName/)

  now += 2 * hour
  await timer()
  expect(await facts()).toMatchObject({
    lastRefresh: new Date(now).toISOString(),
    projectedDeath: { at: new Date(now + 90 * day).toISOString() },
  })

  await registerDemo(deps, { secretExpiresAt })
  now += minute
  expect((await facts()).projectedDeath).toEqual({ at: secretExpiresAt, why: 'client-secret' })

  world.entra.control.revoke(connection.username)
  now += 2 * hour
  await timer()
  expect(await facts()).toMatchObject({ state: 'connected', failures: 1 })
  now += 4 * minute
  await timer()
  expect(await facts()).toMatchObject({ state: 'needs-reconnect', nextRefresh: '', projectedDeath: null })
  expect(await tokenFlows.listConnectionFacts(deps, 'other', { limit: 1 })).toEqual({ connections: [], next: '' })
})
