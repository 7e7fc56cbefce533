/** What the gateway relies on in tables, those of Azure and those in memory. */
import { TableClient } from '@azure/data-tables'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { GatewayError, RowChangedError, RowExistsError, RowMissingError } from '../../lib/errors.js'
import { newId } from '../../lib/model/ids.js'
import type { Row, RowQuery, Tables } from '../../lib/ports/tables.js'
import { azureBlobs } from '../../lib/stores/azure-blobs.js'
import { azureQueues } from '../../lib/stores/azure-queues.js'
import { azureTables } from '../../lib/stores/azure-tables.js'
import { memoryTables } from '../../lib/stores/memory-tables.js'
import { isRowKey } from '../../lib/stores/row-rules.js'
import { storageClock } from '../../lib/stores/storage-clock.js'
import { all } from '../support/general/all.js'

const connectionString = inject('azurite')
const keysOf = async (rows: AsyncIterable<Row>): Promise<string[]> => (await all(rows)).map((row) => row.rowKey)

const payloads = [
  "tenant-a' or PartitionKey eq 'tenant-b",
  "tenant-a' or '1' eq '1",
  "' or PartitionKey ne '",
  "tenant-a'' or PartitionKey eq ''tenant-b",
  "') or (PartitionKey eq 'tenant-b",
  "tenant-a\\' or PartitionKey eq 'tenant-b",
]

describe.each([
  ['azurite', (): Tables => azureTables({ connectionString })],
  ['memory', (): Tables => memoryTables()],
])('tables: %s', (_name, make) => {
  const tables = make()
  const table = `t${newId()}`
  beforeAll(() => tables.ensure(table))
  const row = (rowKey: string, columns: Record<string, string | number | boolean | Date> = {}): Row => ({
    partitionKey: 'tenant-a',
    rowKey,
    ...columns,
  })

  test('every kind of value comes back as it was, also numbers beyond 2^31 and whole ones', async () => {
    const values = { text: "it's", empty: '', zero: 0, one: 1, ms: 1_795_000_000_000, big: 2 ** 53 - 1, half: 0.5 }
    const etag = await tables.insert(table, row('values', { ...values, yes: true, at: new Date(1_795_000_000_000) }))
    const read = await tables.get(table, 'tenant-a', 'values')
    expect(read).toEqual({
      ...row('values'),
      ...values,
      yes: true,
      at: new Date(1_795_000_000_000),
      etag,
    })
  })

  test('REL-01: an insert of the same key is refused, as is an update or removal with an old ETag', async () => {
    const first = await tables.insert(table, row('once', { n: 1 }))
    await expect(tables.insert(table, row('once', { n: 2 }))).rejects.toThrow(RowExistsError)
    const second = await tables.update(table, row('once', { n: 2 }), first)
    await expect(tables.update(table, row('once', { n: 3 }), first)).rejects.toThrow(RowChangedError)
    await expect(tables.remove(table, { partitionKey: 'tenant-a', rowKey: 'once', etag: first })).rejects.toThrow(
      RowChangedError,
    )
    expect(await tables.get(table, 'tenant-a', 'once')).toMatchObject({ n: 2, etag: second })
    await tables.remove(table, { partitionKey: 'tenant-a', rowKey: 'once', etag: second })
    expect(await tables.get(table, 'tenant-a', 'once')).toBeUndefined()
  })

  test('REL-01: of 8 updates at the same time with one ETag one wins', async () => {
    const etag = await tables.insert(table, row('race'))
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => tables.update(table, row('race', { n }), etag)),
    )
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  })

  test('REL-01: an update without an ETag is refused before it leaves', async () => {
    await tables.upsert(table, row('blind', { n: 1 }))
    for (const etag of ['', '*'])
      await expect(tables.update(table, row('blind', { n: 2 }), etag)).rejects.toMatchObject({ code: 'row_refused' })
    expect(await tables.get(table, 'tenant-a', 'blind')).toMatchObject({ n: 1 })
  })

  test('an update merges: columns of other builds stay', async () => {
    const etag = await tables.insert(table, row('merge', { mine: 1, theirs: 'x' }))
    await tables.update(table, row('merge', { mine: 2 }), etag)
    expect(await tables.get(table, 'tenant-a', 'merge')).toMatchObject({ mine: 2, theirs: 'x' })
  })

  test('a missing row or table: undefined, nothing, or RowMissingError on writes', async () => {
    expect(await tables.get(table, 'tenant-a', 'absent')).toBeUndefined()
    expect(await tables.get('nosuchtable', 'tenant-a', 'absent')).toBeUndefined()
    expect(await all(tables.query('nosuchtable', { partition: 'tenant-a' }))).toEqual([])
    await expect(tables.insert('nosuchtable', row('absent'))).rejects.toThrow(RowMissingError)
    await expect(tables.update(table, row('absent'), 'W/"x"')).rejects.toThrow(/row/)
    await tables.remove(table, { partitionKey: 'tenant-a', rowKey: 'absent' })
    await tables.ensure(table)
    await tables.drop('nosuchtable')
  })

  test('queries: ranges, conditions on large and small numbers, select, limit, order', async () => {
    for (const [n, key] of ['q~a', 'q~b', 'q~c', 'r~a'].entries())
      await tables.insert(table, {
        partitionKey: 'queries',
        rowKey: key,
        dueAt: 1_795_000_000_000 + n,
        small: n,
        name: "o'neil",
        flag: n > 1,
      })
    const ask = (query: RowQuery) => keysOf(tables.query(table, { partition: 'queries', ...query }))
    expect(await ask({})).toEqual(['q~a', 'q~b', 'q~c', 'r~a'])
    expect(await ask({ rowRange: ['q~', 'q~~'] })).toEqual(['q~a', 'q~b', 'q~c'])
    expect(await ask({ where: [{ column: 'dueAt', is: 'le', value: 1_795_000_000_001 }] })).toEqual(['q~a', 'q~b'])
    expect(await ask({ where: [{ column: 'dueAt', is: 'eq', value: 1_795_000_000_002 }] })).toEqual(['q~c'])
    expect(await ask({ where: [{ column: 'small', is: 'le', value: 0 }] })).toEqual(['q~a'])
    expect(await ask({ where: [{ column: 'small', is: 'gt', value: 1.5 }] })).toEqual(['q~c', 'r~a'])
    expect(await ask({ where: [{ column: 'flag', is: 'eq', value: true }] })).toEqual(['q~c', 'r~a'])
    expect(await ask({ where: [{ column: 'name', is: 'eq', value: "o'neil" }], limit: 2 })).toEqual(['q~a', 'q~b'])
    const [some] = await all(tables.query(table, { partition: 'queries', select: ['small'], limit: 1 }))
    expect(some).toMatchObject({ partitionKey: 'queries', rowKey: 'q~a', small: 0 })
    expect(some).not.toHaveProperty('dueAt')
    expect(await keysOf(tables.query(table, { partitionRange: ['queries', 'queries~'], limit: 9 }))).toHaveLength(4)
  })

  test('a transaction is all or nothing', async () => {
    await tables.insert(table, row('taken'))
    const attempt = tables.transaction(table, [
      { kind: 'insert', row: row('tx-a') },
      { kind: 'insert', row: row('taken') },
    ])
    await expect(attempt).rejects.toThrow(RowExistsError)
    expect(await tables.get(table, 'tenant-a', 'tx-a')).toBeUndefined()

    const etag = (await tables.get(table, 'tenant-a', 'taken'))?.etag ?? ''
    const [inserted = '', updated] = await tables.transaction(table, [
      { kind: 'insert', row: row('tx-a', { ms: 1_795_000_000_000 }) },
      { kind: 'update', row: row('taken', { n: 1 }), etag },
      { kind: 'delete', partitionKey: 'tenant-a', rowKey: 'race' },
    ])
    expect(await tables.get(table, 'tenant-a', 'tx-a')).toMatchObject({ ms: 1_795_000_000_000 })
    expect(await tables.get(table, 'tenant-a', 'race')).toBeUndefined()
    expect(await tables.get(table, 'tenant-a', 'taken')).toMatchObject({ etag: updated })
    await tables.update(table, row('tx-a', { n: 5 }), inserted)
    const stale = tables.transaction(table, [{ kind: 'update', row: row('taken', { n: 2 }), etag }])
    await expect(stale).rejects.toThrow(RowChangedError)
  })

  test('a transaction of 100 rows passes, 101 or two partitions are refused', async () => {
    const rows = Array.from({ length: 101 }, (_, n) => ({ kind: 'insert' as const, row: row(`many-${n}`, { n }) }))
    await expect(tables.transaction(table, rows)).rejects.toMatchObject({ code: 'row_refused' })
    await tables.transaction(table, rows.slice(0, 100))
    expect(await tables.get(table, 'tenant-a', 'many-99')).toMatchObject({ n: 99 })
    const two = [rows[0]!, { kind: 'insert' as const, row: { partitionKey: 'other', rowKey: 'x' } }]
    await expect(tables.transaction(table, two)).rejects.toMatchObject({ code: 'row_refused' })
  })

  test('what does not fit is named before it is sent', async () => {
    const wide = Object.fromEntries(Array.from({ length: 253 }, (_, n) => [`c${n}`, 1]))
    const heavy = Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`c${n}`, 'x'.repeat(32_768)]))
    for (const columns of [{ text: 'x'.repeat(32_769) }, wide, heavy])
      await expect(tables.insert(table, row('large', columns))).rejects.toMatchObject({ code: 'row_too_large' })
    await tables.insert(table, row('fits', { text: 'x'.repeat(32_768) }))
  })

  test('SEC-21: keys outside our own alphabet are never written and never found', async () => {
    const bad = ['a/b', 'a\\b', 'a#b', 'a?b', 'a\tb', 'a\u0085b', "a'b", 'a b', 'a%2fb', '', '\ud800', 'x'.repeat(513)]
    for (const key of bad) {
      expect(isRowKey(key)).toBe(false)
      await expect(tables.insert(table, row(key))).rejects.toMatchObject({ code: 'row_refused' })
      expect(await tables.get(table, 'tenant-a', key)).toBeUndefined()
    }
    await tables.insert(table, row(`h~${newId()}`))
  })

  test('SEC-22: no value breaks out of its filter', async () => {
    await tables.insert(table, { partitionKey: 'tenant-b', rowKey: `b-${newId()}`, secret: 'theirs' })
    for (const payload of payloads) {
      expect(await all(tables.query(table, { partition: payload }))).toEqual([])
      expect(await all(tables.query(table, { partition: 'tenant-x', rowRange: [payload, `${payload}~`] }))).toEqual([])
      const where = [{ column: 'secret', is: 'eq' as const, value: payload }]
      expect(await all(tables.query(table, { partition: 'tenant-a', where }))).toEqual([])
    }
    const column = "secret eq 'x' or PartitionKey"
    const attack = tables.query(table, { partition: 'tenant-a', where: [{ column, is: 'eq', value: 'tenant-b' }] })
    await expect(all(attack)).rejects.toMatchObject({ code: 'row_refused' })
  })

  test('tables are listed by prefix and dropped', async () => {
    const prefix = `p${newId()}`
    await tables.ensure(`${prefix}20260101`)
    await tables.ensure(`${prefix}20260102`)
    expect((await tables.list(prefix)).sort()).toEqual([`${prefix}20260101`, `${prefix}20260102`])
    await tables.drop(`${prefix}20260101`)
    await expect.poll(() => tables.list(prefix)).toEqual([`${prefix}20260102`])
  })

  test("the server's clock is close to ours here and moves", async () => {
    expect(Math.abs((await tables.serverNow()) - Date.now())).toBeLessThan(3_000)
  })
})

test('C10: a machine whose clock is off goes by the date of each answer, with no request of its own', async () => {
  for (const aheadMs of [7 * 60_000, -7 * 60_000]) {
    const clock = storageClock({ now: () => Date.now() + aheadMs, sleep: async () => {} })
    const tables = azureTables({ connectionString }, clock)
    expect(Math.abs(clock.now() - Date.now())).toBeGreaterThan(6 * 60_000)
    await tables.get(`t${newId()}`, 'a', 'b')
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(5_000)
  }
})

test('SEC-22 negative control: a concatenated filter does return the rows of another tenant', async () => {
  const table = `t${newId()}`
  const tables = azureTables({ connectionString })
  await tables.ensure(table)
  await tables.insert(table, { partitionKey: 'tenant-b', rowKey: 'b', secret: 'theirs' })
  const client = TableClient.fromConnectionString(connectionString, table, { allowInsecureConnection: true })
  const filter = ['PartitionKey eq ', "'", payloads[0], "'"].join('')
  const rows = await all(client.listEntities({ queryOptions: { filter } }))
  expect(rows).toHaveLength(1)
})

test('storage that does not answer is storage_unavailable and transient', async () => {
  const nobody = connectionString.replace(/TableEndpoint=http:\/\/127\.0\.0\.1:\d+/, 'TableEndpoint=http://127.0.0.1:9')
  const failure = await azureTables({ connectionString: nobody })
    .get('any', 'a', 'b')
    .catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(GatewayError)
  expect(failure).toMatchObject({ code: 'storage_unavailable', class: 'transient' })
})

test('storage that refuses is storage_forbidden: another code and another cure than no answer', async () => {
  const refused = { connectionString: connectionString.replace(/AccountKey=[^;]+/, 'AccountKey=d3Jvbmc=') }
  for (const ask of [
    () => azureTables(refused).get('any', 'a', 'b'),
    () => azureQueues(refused).depth('any'),
    () => azureBlobs(refused).get('any', 'a'),
  ])
    await expect(ask()).rejects.toMatchObject({
      code: 'storage_forbidden',
      class: 'transient',
      remedy: expect.stringMatching(/role assignments/),
      peerLine: expect.stringMatching(/^403 /),
    })
})
