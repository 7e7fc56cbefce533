import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, test } from 'vitest'
import { leaseMs } from '../../lib/rows/lane.js'
import { type Stack, startStack } from '../../local/stack.js'
import { crashRun, crashSeed } from '../support/soak/crash-run.js'
import { crashFigures, judgeCrash } from '../support/soak/judge-crash.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const kills = Number(process.env['KILL_POINTS'] ?? 10)
let stack: Stack

beforeAll(async () => {
  stack = await startStack({ root })
}, 300_000)

afterAll(() => stack?.stop(), 30_000)

test(`C1: C12: ${kills} kills with nothing aged: what each interrupted, and what came after it, is settled within the lease and a minute (seed ${crashSeed})`, async () => {
  const plan = { mails: 6 * kills, kills, seed: crashSeed, settleMs: leaseMs + 60_000, ages: false }
  const began = performance.now()
  const run = await crashRun(stack, plan)
  console.log(`kill points: ${crashFigures(run)}, ${Math.round((performance.now() - began) / 1_000)} s`)
  judgeCrash(run, plan.mails)
}, 7_200_000)
