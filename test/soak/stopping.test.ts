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

test(`C2: M-170: ${mails} mails while an instance gets SIGTERM every 20 s and dies 2 s later: none lost, none twice, none unknown`, async () => {
  const world = await connectForStops(root, stack, 20)
  const plan = { mailsPerSecond, graceMs: 2_000, settleMs: 600_000 }
  const quiet = await stopRun(world, { ...plan, mails: Math.ceil(mails / 5), stopEveryMs: 0 })
  const run = await stopRun(world, { ...plan, mails, stopEveryMs: 20_000 })
  console.log(`stop run: ${JSON.stringify({ quiet, run })}`)
  expect(run.stops).toBeGreaterThan(0)
  expect(run).toMatchObject({ lost: [], twice: [], untold: 0, states: { sent: mails } })
  expect(run.waitMs.p95).toBeLessThanOrEqual(2 * quiet.waitMs.p95)
}, 7_200_000)
