import { expect, test } from 'vitest'
import { listMailboxFacts, listMailboxNames } from '../../../lib/flows/admin/mailboxes.js'
import { listConnectionFacts } from '../../../lib/flows/tokens/list-connection-facts.js'
import type { Tables } from '../../../lib/ports/tables.js'
import { connectionToRow } from '../../../lib/rows/connections.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { sampleConnection } from '../../support/general/sample-connection.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

/** As the storage answers: a point read is a request, a query one for each 1,000 rows. */
function counted(tables: Tables) {
  const cost = { requests: 0, rows: 0 }
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
    cost.rows += rows
  }
  return { cost, tables: { ...tables, get, query } satisfies Tables }
}

/** Mailboxes, each on a connection of its own that is broken, each with a card. */
async function tenantOf(amount: number) {
  const stores = await memoryStores({ now: () => Date.UTC(2026, 0, 5), sleep: async () => {} })
  const { tables, names } = stores
  for (let n = 0; n < amount; n++) {
    const connection = sampleConnection({ mode: 'delegated', provider: 'microsoft', registrationId: 'one' })
    const side = { transport: 'graph', connectionId: connection.id } as const
    const box = sampleMailbox({ address: `a${n}@example.com`, receive: { ...side, folder: 'Inbox' }, send: side })
    await tables.insert(names.table('connections'), connectionToRow({ ...connection, state: 'needs-reconnect' }))
    await tables.insert(names.table('mailboxes'), toRow(box))
    const { partitionKey } = toRow(box)
    await tables.insert(names.table('mailboxes'), { partitionKey, rowKey: 'lane~0', v: 1, gate: 'closed' })
    await tables.insert(names.table('mailboxes'), { partitionKey, rowKey: 'receiving', v: 1, cursor: 'x', failures: 2 })
    const card = { partitionKey: box.tenant, rowKey: `connection~${connection.id}`, v: 1, code: 'gone', since: '' }
    await tables.insert(names.table('attention'), card)
    const own = { partitionKey: box.tenant, rowKey: `mailbox-send~${box.id}`, v: 1, code: 'refused', since: '' }
    await tables.insert(names.table('attention'), { ...own, mailboxId: box.id })
  }
  const { cost, tables: watched } = counted(tables)
  return { cost, deps: { ...stores, tables: watched } }
}

test('D6: a page of mailboxes costs the same whether the tenant has a hundred or ten thousand', async () => {
  const costs: { requests: number; rows: number }[] = []
  for (const amount of [100, 10_000]) {
    const { cost, deps } = await tenantOf(amount)
    const { mailboxes, next } = await listMailboxFacts(deps, 'acme', { limit: 50 })
    expect(mailboxes).toHaveLength(50)
    expect(next).not.toBe('')
    for (const one of mailboxes) {
      expect(one).toMatchObject({ health: 'needs-reconnect', sending: { gate: 'closed' }, receiving: { failures: 2 } })
      expect(one.attention.map(({ kind }) => kind)).toEqual(['connection', 'mailbox-send'])
    }
    costs.push({ ...cost })
    // Three range reads, the default, the cards; for each mailbox its holder, whom its address means, its connection, the
    // card of that.
    expect(cost.requests).toBeLessThanOrEqual(4 * 50 + 10)
    Object.assign(cost, { requests: 0, rows: 0 })
    expect(await listMailboxNames(deps, 'acme')).toHaveLength(Math.min(amount, 999))
    expect(cost.requests).toBe(1)
    Object.assign(cost, { requests: 0, rows: 0 })
    const registrations = async () => ({ registration: {} }) as never
    expect((await listConnectionFacts({ ...deps, registrations } as never, 'acme', { limit: 50 })).next).not.toBe('')
    expect(cost.requests).toBeLessThanOrEqual(50 + 2)
  }
  expect(costs[1]).toEqual(costs[0])
}, 60_000)
