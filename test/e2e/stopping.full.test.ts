import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stack, startStack } from '../../local/stack.js'
import { connectForStops, stopRun } from '../support/soak/stop-run.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
let stack: Stack

beforeAll(async () => {
  // The mail server of C2: it answers, and takes its time.
  stack = await startStack({ root, smtpAnswerMs: 700 })
}, 300_000)

afterAll(() => stack?.stop(), 30_000)

test('C2: M-170: instances that get SIGTERM every few seconds and die 2 s later leave no mail behind and no mailbox waiting', async () => {
  const world = await connectForStops(root, stack, 2)
  const run = await stopRun(world, {
    mails: 80,
    mailsPerSecond: 2,
    stopEveryMs: 4_000,
    graceMs: 2_000,
    settleMs: 400_000,
  })
  console.log(`stop run: ${JSON.stringify(run)}`)
  expect(run.stops).toBeGreaterThanOrEqual(3)
  expect(run).toMatchObject({ lost: [], twice: [], states: { sent: 80 } })
  // A lane left leased would stand still for four minutes.
  expect(Math.max(...run.waitsMs)).toBeLessThan(120_000)
}, 900_000)
