/** Lists of what is meant by a filter, at a bounded cost, and reconnect links for many mailboxes in one call. */
import { expect, test } from 'vitest'
import { listMailboxFacts } from '../../../lib/flows/admin/mailboxes.js'
import { reconnectMany } from '../../../lib/flows/connect/reconnect-many.js'
import type { Connection } from '../../../lib/model/connection.js'
import { mostPerPage } from '../../../lib/model/page.js'
import { reconnectManySchema } from '../../../lib/model/reconnect-schemas.js'
import type { Tables } from '../../../lib/ports/tables.js'
import { connectionToRow } from '../../../lib/rows/connections.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { insertTenant } from '../../../lib/rows/tenants.js'
import { sampleConnection } from '../../support/general/sample-connection.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

type Kind = 'microsoft' | 'password' | 'old' | 'relay' | 'app-only' | 'none'

/** As the storage answers: a point read is a request, a query one for each 1,000 rows. */
function counted(tables: Tables) {
  const cost = { requests: 0 }
  const get: Tables['get'] = (...input) => {
    cost.requests += 1
    return tables.get(...input)
  }
  async function* query(...input: Parameters<Tables['query']>) {
    let rows = 0
    for await (const row of tables.query(...input)) {
      rows += 1
      yield row
    }
    cost.requests += Math.max(1, Math.ceil(rows / 1_000))
  }
  return { cost, tables: { ...tables, get, query } satisfies Tables }
}

const of: Record<Exclude<Kind, 'none'>, Pick<Connection, 'mode' | 'provider'> & Partial<Connection>> = {
  microsoft: { mode: 'delegated', provider: 'microsoft', registrationId: 'one' },
  'app-only': { mode: 'app-only', provider: 'microsoft', registrationId: 'one' },
  password: { mode: 'password', provider: 'basic' },
  old: { mode: 'password', provider: 'basic' },
  relay: { mode: 'anonymous', provider: 'basic' },
}

async function tenantOf(kinds: readonly Kind[], broken: (at: number) => boolean = () => false) {
  const time = { now: Date.UTC(2026, 11, 1) }
  const stores = await memoryStores({ now: () => time.now, sleep: async () => {} })
  const { tables, names } = stores
  await tables.ensure(names.holders)
  await insertTenant(stores, { id: 'acme', name: 'Acme', createdAt: '' } as never).catch(() => undefined)
  const made: { id: string; kind: Kind; address: string }[] = []
  for (const [at, kind] of kinds.entries()) {
    const domain = at % 2 ? 'odd.example' : 'even.example'
    const connection = sampleConnection({
      ...of[kind === 'none' ? 'relay' : kind],
      state: broken(at) ? 'needs-reconnect' : 'connected',
    })
    const connectionId = connection.id
    const host = kind === 'old' ? 'smtp.office365.com' : 'mail.acme.example'
    const server = { host, port: 465, tls: 'implicit' as const }
    const graph = { transport: 'graph' as const, connectionId }
    const isGraph = kind === 'microsoft' || kind === 'app-only'
    const box = sampleMailbox({
      address: `a${at}@${domain}`,
      ...(isGraph ? { receive: { ...graph, folder: 'inbox' }, send: graph } : {}),
      ...(isGraph || kind === 'none' ? {} : { send: { transport: 'smtp', connectionId, smtp: server } }),
    })
    if (kind !== 'none') await tables.insert(names.table('connections'), connectionToRow(connection))
    await tables.insert(names.table('mailboxes'), toRow(box))
    made.push({ id: box.id, kind, address: box.address })
  }
  const watched = counted(tables)
  return { cost: watched.cost, made, time, deps: { ...stores, tables: watched.tables } }
}

const kinds: Kind[] = ['microsoft', 'password', 'old', 'relay', 'app-only', 'none']

test.each([
  [{ warning: 'password_at_microsoft' }, ['old']],
  [{ provider: 'microsoft' }, ['app-only', 'microsoft']],
  [{ provider: 'basic' }, ['old', 'password', 'relay']],
  [{ transport: 'graph' }, ['app-only', 'microsoft']],
  [{ transport: 'smtp' }, ['old', 'password', 'relay']],
  [{ state: 'none' }, ['none']],
  [{ state: 'needs-reconnect' }, ['old', 'relay']],
  [{ domain: 'ODD.example' }, ['none', 'password', 'relay']],
  [{ domain: 'odd.example', provider: 'basic' }, ['password', 'relay']],
  [{ state: 'needs-reconnect', warning: 'password_at_microsoft' }, ['old']],
  [{ domain: 'example' }, []],
] as const)('M-147: the filter %j means %j', async (filter, meant) => {
  const { deps, made } = await tenantOf(kinds, (at) => at === 2 || at === 3)
  const { mailboxes, next } = await listMailboxFacts(deps, 'acme', { limit: 50, ...filter })
  const found = mailboxes.map(({ id }) => made.find((one) => one.id === id)?.kind)
  expect(found.sort()).toEqual([...meant])
  expect(next).toBe('')
})

test('M-147: cursors lead through all that is meant, once each, in pages of any size', async () => {
  const { deps, made } = await tenantOf(Array.from({ length: 53 }, (_, at) => (at % 3 ? 'old' : 'relay')))
  const old = made.filter(({ kind }) => kind === 'old').map(({ id }) => id)
  for (const limit of [1, 7, 35, mostPerPage]) {
    const seen: string[] = []
    for (let after = ''; ; ) {
      const page = await listMailboxFacts(deps, 'acme', { limit, after, warning: 'password_at_microsoft' })
      expect(page.mailboxes.length).toBeLessThanOrEqual(limit)
      seen.push(...page.mailboxes.map(({ id }) => id))
      if (page.next === '') break
      after = page.next
    }
    expect(seen, String(limit)).toEqual([...old].sort())
  }
})

test('M-147: a filter that means almost nobody reads a bounded part of ten thousand mailboxes a call, and comes to the end', async () => {
  const { deps, cost, made } = await tenantOf(
    Array.from({ length: 10_000 }, (_, at) => (at === 9_000 ? 'old' : 'relay')),
  )
  const rare = made.find(({ kind }) => kind === 'old')!
  const found: string[] = []
  let calls = 0
  for (let after = ''; ; calls++) {
    cost.requests = 0
    const page = await listMailboxFacts(deps, 'acme', { limit: 50, after, warning: 'password_at_microsoft' })
    // Ten for all connections, five for the mailboxes looked at, a few for the one that is shown.
    expect(cost.requests).toBeLessThan(30)
    found.push(...page.mailboxes.map(({ id }) => id))
    if (page.next === '') break
    after = page.next
  }
  expect(found).toEqual([rare.id])
  expect(calls).toBeLessThan(4)
}, 30_000)

test('M-147: reconnect links for 500 mailboxes with a warning in one call; what is open is counted, and the next call goes on', async () => {
  const { deps, made, cost } = await tenantOf(Array.from({ length: 620 }, (_, at) => (at < 520 ? 'old' : 'relay')))
  const filter = { warning: 'password_at_microsoft' } as const
  const first = await reconnectMany(deps, 'acme', { filter, allowChange: ['provider'] })
  expect(first).toMatchObject({ done: 500, open: 0, refused: [] })
  expect(first.next).not.toBe('')
  expect(new Set(first.links.map(({ link }) => link)).size).toBe(500)
  // For each link what one call for it would cost.
  expect(cost.requests).toBeLessThan(500 * 6)
  const second = await reconnectMany(deps, 'acme', { filter, after: first.next, allowChange: ['provider'] })
  expect(second).toMatchObject({ done: 20, open: 0, next: '' })
  const all = [...first.links, ...second.links].map(({ mailboxId }) => mailboxId)
  expect(all.sort()).toEqual(
    made
      .filter(({ kind }) => kind === 'old')
      .map(({ id }) => id)
      .sort(),
  )
})

test('M-147: mailboxes that cannot have a link are listed with the reason and stop none of the others', async () => {
  const { deps, made } = await tenantOf(['old', 'none', 'old', 'relay'])
  const unknown = 'a'.repeat(26)
  const mailboxIds = [...made.map(({ id }) => id), unknown, made[0]!.id]
  const { links, refused, done, open } = await reconnectMany(deps, 'acme', { mailboxIds })
  expect(links.map(({ mailboxId }) => mailboxId)).toEqual([made[0]!.id, made[2]!.id])
  expect(refused).toMatchObject([
    { mailboxId: made[1]!.id, address: made[1]!.address, code: 'mailbox_unused' },
    { mailboxId: made[3]!.id, code: 'mailbox_without_sign_in' },
    { mailboxId: unknown, address: '', code: 'not_found' },
  ])
  expect([done, open]).toEqual([2, 3])
  expect((await reconnectMany(deps, 'rival', { mailboxIds: [made[0]!.id] })).refused).toMatchObject([
    { code: 'not_found' },
  ])
})

test('M-147: after half a minute no link is begun; the answer says where to go on, and nobody is left out', async () => {
  const { deps, made, time } = await tenantOf(Array.from({ length: 100 }, () => 'old' as const))
  const { insert } = deps.tables
  const slow = {
    ...deps,
    tables: {
      ...deps.tables,
      insert: (...input: Parameters<typeof insert>) => {
        time.now += 1_000
        return insert(...input)
      },
    },
  }
  const seen: string[] = []
  for (let after: string | undefined; ; ) {
    const filter = { warning: 'password_at_microsoft' } as const
    const made = await reconnectMany(slow, 'acme', { filter, ...(after ? { after } : {}) })
    expect(made.done).toBeGreaterThan(0)
    seen.push(...made.links.map(({ mailboxId }) => mailboxId))
    if (made.next === '') break
    expect(made.open).toBeGreaterThan(0)
    after = made.next
  }
  expect(seen.sort()).toEqual(made.map(({ id }) => id).sort())
})

test.each([
  [{}, 'filter'],
  [{ mailboxIds: ['a'.repeat(26)], filter: { state: 'none' } }, 'filter'],
  [{ mailboxIds: ['a'.repeat(26)], limit: 5 }, 'limit'],
  [{ mailboxIds: Array.from({ length: 501 }, () => 'a'.repeat(26)) }, 'mailboxIds'],
  [{ filter: {} }, 'filter'],
  [{ filter: { state: 'gone' } }, 'filter.state'],
  [{ filter: { domain: '@a.example' } }, 'filter.domain'],
])('M-147: %j is refused at %s', (body, field) => {
  const { error } = reconnectManySchema.safeParse(body)
  expect(error?.issues.map(({ path }) => path.join('.'))).toContain(field)
})
