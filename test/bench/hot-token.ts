/** T1: an access token from memory for one of many connections, against a look-up in a Map; and the first, cold one. */
import { randomBytes } from 'node:crypto'
import { connectionPartition, connectionToRow } from '../../lib/flows/common/connection-rows.js'
import { accessToken } from '../../lib/flows/tokens/access-token.js'
import { storeGrant } from '../../lib/flows/tokens/store-grant.js'
import type { AccessToken, TokenDependencies } from '../../lib/flows/tokens/token-dependencies.js'
import { silentLog } from '../../lib/log.js'
import type { Connection } from '../../lib/model/connection.js'
import { newId } from '../../lib/model/ids.js'
import { storageNames, tableNames } from '../../lib/model/names.js'
import { sealer } from '../../lib/protocol/seal.js'
import { memoryBlobs } from '../../lib/stores/memory-blobs.js'
import { memoryQueues } from '../../lib/stores/memory-queues.js'
import { memoryTables } from '../../lib/stores/memory-tables.js'
import { memoryVault } from '../../lib/stores/memory-vault.js'
import { type BenchRow, figure, interleave, rounded, timed } from './measure.js'

const tenant = 'acme'
const sizes = [1, 100, 10_000]

export async function benchHotToken(lookUps: number, rounds: number): Promise<BenchRow> {
  const medians: number[] = []
  const maps: number[] = []
  let coldMs = 0
  let last: Pick<BenchRow, 'subject' | 'baseline'> | undefined
  for (const size of sizes) {
    const { deps, ids, coldCpuMs } = await connected(size)
    coldMs = coldCpuMs
    const map = new Map<string, AccessToken>()
    for (const id of ids) map.set(`${tenant}~${id}~graph`, await accessToken(deps, tenant, id, 'graph'))
    const fromMap = async (id: string) => map.get(`${tenant}~${id}~graph`)
    const results = await interleave(
      rounds,
      () => timed(() => each(ids, lookUps, (id) => accessToken(deps, tenant, id, 'graph'))),
      () => timed(() => each(ids, lookUps, fromMap)),
    )
    const perCall = (sample: { ms: number }): number => (sample.ms / lookUps) * 1000
    last = { subject: figure(results.subject.map(perCall)), baseline: figure(results.baseline.map(perCall)) }
    medians.push(last.subject.median)
    maps.push(last.baseline.median)
  }
  const growth = (medians[2] ?? 0) / (medians[0] ?? 1)
  const isMet = growth <= 1.2 && coldMs <= 0.3
  return {
    id: 'T1',
    workload: 'hot access token for one of 10,000 connections, in-memory stores',
    reference: 'awaited Map look-up with the same key',
    unit: 'us per token',
    ...last!,
    target: 'flat within 20 % from 1 to 10,000; cold <= 0.3 ms CPU',
    verdict: `${isMet ? 'met' : 'missed'}: ${rounded(growth)} x from 1 to 10,000 (the Map: ${rounded((maps[2] ?? 0) / (maps[0] ?? 1))} x); cold ${rounded(coldMs)} ms CPU`,
    more: {
      hotUs1: medians[0]!,
      hotUs100: medians[1]!,
      hotUs10000: medians[2]!,
      mapUs1: maps[0]!,
      mapUs100: maps[1]!,
      mapUs10000: maps[2]!,
      coldCpuMs: coldMs,
    },
  }
}

/** Steps through all connections in an order that caches cannot guess. */
async function each(ids: string[], lookUps: number, look: (id: string) => Promise<unknown>): Promise<void> {
  for (let n = 0, at = 0; n < lookUps; n += 1, at = (at + 7_919) % ids.length) await look(ids[at]!)
}

/** Connections whose tokens are in memory. Rows go as soon as they were read: the in-memory table scans all of them. */
async function connected(count: number) {
  const clock = { now: Date.now, sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)) }
  const names = storageNames('bench')
  const tables = memoryTables(clock)
  for (const name of tableNames) await tables.ensure(names.table(name))
  const keys = sealer([{ id: 'bench', key: randomBytes(32) }])
  const deps: TokenDependencies = {
    names,
    tables,
    queues: memoryQueues(clock),
    blobs: memoryBlobs(),
    vault: memoryVault(),
    clock,
    log: silentLog,
    worker: 'bench',
    providers: {},
    registrations: () => Promise.reject(new Error('nothing is refreshed here')),
    sealer: async () => keys,
  }
  const ids: string[] = []
  let coldCpuMs = 0
  for (let n = 0; n < count; n += 1) {
    const id = newId()
    await tables.insert(names.table('connections'), connectionToRow(connectionOf(id)))
    const accessTokenText = randomBytes(1_200).toString('base64url')
    const expiresAt = Date.now() + 3_600_000
    await storeGrant(deps, {
      tenant,
      connectionId: id,
      grant: { kind: 'oauth', resource: 'graph', accessToken: accessTokenText, expiresAt, refreshToken: 'refresh' },
    })
    coldCpuMs += (await timed(() => accessToken(deps, tenant, id, 'graph'))).cpuMs
    const partition = connectionPartition(tenant, id)
    for await (const row of tables.query(names.table('connections'), { partition }))
      await tables.remove(names.table('connections'), row.partitionKey, row.rowKey)
    ids.push(id)
  }
  return { deps, ids, coldCpuMs: coldCpuMs / count }
}

function connectionOf(id: string): Connection {
  const at = new Date().toISOString()
  return {
    id,
    tenant,
    mode: 'delegated',
    provider: 'microsoft',
    registrationId: 'bench',
    username: 'ana@contoso.example',
    scopes: ['Mail.ReadWrite'],
    state: 'connected',
    reason: '',
    stateSince: at,
    createdAt: at,
    connectedAt: at,
  }
}
