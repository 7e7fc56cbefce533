import { expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { checkHealth } from '../../../lib/flows/ops/check-health.js'
import { timerNames } from '../../../lib/model/timers.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { writeTimer } from '../../../lib/rows/timers.js'
import { sendHarness } from '../../support/send/send-harness.js'

async function harness() {
  const h = await sendHarness()
  const beat = async () => {
    for (const timer of timerNames) await writeTimer(h.deps, timer, { ranAt: h.clock.now() })
  }
  await beat()
  const clock = { now: h.clock.now, sleep: () => new Promise<void>(() => {}) }
  return { ...h, beat, deps: { ...h.deps, clock } as Toolbox }
}
const down = () => {
  throw new GatewayError('down', 'transient', { description: 'It is down.', remedy: 'Look at it.' })
}
const failing = async (deps: Toolbox, machineNow?: () => number) =>
  (await checkHealth(deps, machineNow ?? deps.clock.now)).checks.filter((one) => !one.ok)

test('M-014: all is well when every dependency answers and the timers run', async () => {
  const { deps } = await harness()
  const health = await checkHealth(deps, deps.clock.now)
  expect(health.checks.map((one) => one.name)).toEqual([
    'tables',
    'queues',
    'blobs',
    'vault',
    'clock',
    'timers',
    'balance',
    'messages',
  ])
  expect(health.checks.filter((one) => one.code !== '' || one.remedy !== '')).toEqual([])
  expect(health.ok).toBe(true)
})

test('M-014: each dependency that fails has its own verdict, code and remedy, and spoils no other', async () => {
  const { deps } = await harness()
  const verdict = { ok: false, code: 'down', text: 'It is down.', remedy: 'Look at it.' }
  expect(await failing({ ...deps, queues: { ...deps.queues, depth: down } })).toEqual([{ name: 'queues', ...verdict }])
  expect(await failing({ ...deps, blobs: { ...deps.blobs, get: down } })).toEqual([{ name: 'blobs', ...verdict }])
  expect(await failing({ ...deps, vault: { ...deps.vault, get: down } })).toEqual([{ name: 'vault', ...verdict }])
  const withoutTables = await failing({ ...deps, tables: { ...deps.tables, get: down } })
  expect(withoutTables.map((one) => one.name)).toEqual(['tables', 'timers', 'balance'])
})

test('M-014: silent timers and a clock that is off are named', async () => {
  const { deps, clock } = await harness()
  clock.advance(11 * 60_000)
  expect(await failing(deps)).toMatchObject([{ name: 'timers', code: 'timers_silent' }])
  expect(await failing(deps, () => clock.now() - 90_000)).toMatchObject([
    { name: 'clock', code: 'clock_skew', text: "This machine's clock is 90 s behind the clock of storage." },
    { name: 'timers' },
  ])
})

test('C9: timers that run over a second clock that stands still are no good health', async () => {
  const { deps, clock } = await harness()
  const row = { partitionKey: '~', rowKey: 'timers', clockDueAt: clock.now() - 4 * 60_000 }
  await deps.tables.upsert(deps.names.table('tenants'), row)
  expect(await failing(deps)).toMatchObject([
    {
      name: 'timers',
      code: 'timers_silent',
      text: expect.stringContaining('second clock behind them has stood still since'),
    },
  ])
})

test('M-014: a dependency that never answers is a verdict after ten seconds', async () => {
  const { deps } = await harness()
  const waits: number[] = []
  const sleep = async (ms: number) => {
    waits.push(ms)
    await new Promise(setImmediate)
  }
  const silent = {
    ...deps,
    clock: { ...deps.clock, sleep },
    vault: { ...deps.vault, get: () => new Promise<never>(() => {}) },
  }
  expect(await failing(silent)).toMatchObject([{ name: 'vault', code: 'dependency_silent' }])
  expect(waits[0]).toBe(10_000)
})
