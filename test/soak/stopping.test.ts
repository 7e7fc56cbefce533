import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stack, startStack } from '../../local/stack.js'
import { connectForStops, stopRun } from '../support/soak/stop-run.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const mails = Number(process.env['STOP_MAILS'] ?? 10_000)
const mailsPerSecond = Number(process.env['STOP_RATE'] ?? 12)
let stack: Stack

beforeAll(async () => {
  stack = await startStack({ root })
}, 300_000)

afterAll(() => stack?.stop(), 30_000)

/** Quiet and stopping runs take turns: the storage emulator gets slower with every row, and both are to meet it alike. */
const rounds = 10

test(`C2: M-170: ${mails} mails while an instance gets SIGTERM every 20 s and dies 2 s later: none lost, none twice, none unknown`, async () => {
  const world = await connectForStops(root, stack, 20)
  const plan = { mailsPerSecond, graceMs: 2_000, settleMs: 600_000 }
  const quiet: number[] = []
  const stopping: number[] = []
  let stops = 0
  for (let round = 1; round <= rounds; round++) {
    const calm = await stopRun(world, { ...plan, mails: Math.ceil(mails / rounds / 5), stopEveryMs: 0 })
    const count = Math.ceil(mails / rounds)
    const run = await stopRun(world, { ...plan, mails: count, stopEveryMs: 20_000 })
    quiet.push(...calm.waitsMs)
    stopping.push(...run.waitsMs)
    stops += run.stops
    const { waitsMs: _, ...told } = run
    process.stdout.write(
      `stop run ${round} of ${rounds}: ${JSON.stringify({ ...told, p95: [calm, run].map(({ waitsMs }) => percentile(waitsMs, 0.95)), longest: Math.max(...run.waitsMs) })}\n`,
    )
    expect(run).toMatchObject({ lost: [], twice: [], untold: 0, states: { sent: count } })
  }
  const p95 = { quiet: percentile(quiet, 0.95), stopping: percentile(stopping, 0.95) }
  process.stdout.write(`stop runs: ${JSON.stringify({ stops, p95, longest: Math.max(...stopping) })}\n`)
  expect(stops).toBeGreaterThan(0)
  expect(p95.stopping).toBeLessThanOrEqual(2 * p95.quiet)
}, 7_200_000)

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0
}
