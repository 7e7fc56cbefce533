import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { RowChangedError } from '../../../lib/errors.js'
import { longestPollMs, type TimeOfPoll, withinTime } from '../../../lib/flows/receive/within-time.js'
import { bytesInHand } from '../../../lib/ports/bytes-in-hand.js'
import { newMemory } from '../../../lib/ports/memory.js'
import { takeLease } from '../../../lib/rows/lease.js'
import { longestFetchMs } from '../../../lib/transports/fetch-faults.js'
import { failure } from '../../support/general/failure.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const key = { partitionKey: 'p', rowKey: 'r' }
const never = () => new Promise<never>(() => {})
/** More with every look. */
const flowing = () => {
  let bytes = 0
  return () => {
    bytes += 10_000_000
    return bytes
  }
}

/** A poll of 60 ms whose lease of 40 s is due for renewal at the first progress. */
async function poll(change: Partial<TimeOfPoll> = {}) {
  const { tables, names } = await memoryStores({ now: Date.now, sleep: async () => {} })
  const table = names.table('mailboxes')
  await tables.insert(table, key)
  const read = async () => (await tables.get(table, key.partitionKey, key.rowKey))!
  const lease = (await takeLease({ tables, worker: 'one' }, { table, row: await read(), durationMs: 40_000 }))!
  const until = Number(lease.row['leaseUntil'])
  const deps = { stopping: new AbortController().signal, inHand: bytesInHand(1_000), memory: newMemory() }
  const time = { deps, lease, startedAt: performance.now(), timeLimitMs: 60, arrived: flowing(), ...change }
  return { tables, table, read, lease, until, deps, time }
}

test('M-102: a poll whose bytes arrive outlives its time and keeps its lease', async () => {
  const at = await poll()
  await withinTime(at.time, async () => {
    while (Number((await at.read())['leaseUntil']) <= at.until || performance.now() - at.time.startedAt < 120)
      await new Promise((resolve) => setTimeout(resolve, 5))
  })
  expect(at.lease.remainingMs()).toBeGreaterThan(50_000)
  // Writes of the poll and renewals beside them never cross.
  await Promise.all([
    at.lease.renew(60_000),
    at.lease.write({ a: 1 }),
    at.lease.renew(60_000),
    at.lease.write({ b: 2 }),
  ])
  const renewal = at.lease.renew(60_000)
  await at.lease.release({ c: 3 })
  await renewal
  expect(await at.read()).toMatchObject({ a: 1, b: 2, c: 3, leaseOwner: '', leaseUntil: 0 })
})

test('REL-27: without bytes it has its time and no more', async () => {
  const at = await poll({ arrived: () => 0 })
  expect(await failure(withinTime(at.time, never))).toMatchObject({ code: 'poll_timeout' })
})

test('M-102: bytes without end have the longest time and no more', async () => {
  const at = await poll({ longestMs: 150 })
  expect(await failure(withinTime(at.time, never))).toMatchObject({ code: 'memory_in_use', class: 'transient' })
})

test('H10, M-170: beyond its time it gives way to whoever waits for memory, and to the end of the instance', async () => {
  const waits = await poll()
  await waits.deps.inHand.take(2_000_000, 0)
  const waiting = waits.deps.inHand.take(2_000_000, 5_000)
  expect(await failure(withinTime(waits.time, never))).toMatchObject({ code: 'memory_in_use' })
  void waiting
  const stops = await poll()
  const ending = { ...stops.time, deps: { ...stops.deps, stopping: AbortSignal.abort() } }
  expect(await failure(withinTime(ending, never))).toMatchObject({ code: 'memory_in_use' })
})

test('SEC-34: at most ten slow lines hold a process at once', async () => {
  let finish = (): void => {}
  const work = new Promise<void>((resolve) => {
    finish = resolve
  })
  let cut = 0
  const memory = newMemory()
  const results = Array.from({ length: 12 }, async () => {
    const { time, deps } = await poll()
    await withinTime({ ...time, deps: { ...deps, memory } }, () => work).catch(() => cut++)
  })
  await expect.poll(() => cut).toBe(2)
  finish()
  await Promise.all(results)
  expect(cut).toBe(2)
})

test('a lease that was lost meanwhile ends the poll', async () => {
  const at = await poll()
  await at.tables.upsert(at.table, { ...key, leaseOwner: 'another' })
  expect(await failure(withinTime(at.time, never))).toBeInstanceOf(RowChangedError)
})

test('M-102: one mail has less than a poll, a poll less than a function', () => {
  const host = JSON.parse(readFileSync(new URL('../../../host.json', import.meta.url), 'utf8'))
  const [hours, minutes, seconds] = host.functionTimeout.split(':').map(Number)
  expect(longestFetchMs).toBeLessThan(longestPollMs)
  expect(longestPollMs).toBeLessThan((hours * 3_600 + minutes * 60 + seconds) * 1_000 - 60_000)
})
