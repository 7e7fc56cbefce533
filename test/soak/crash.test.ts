import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, test } from 'vitest'
import { type Stack, startStack } from '../../local/stack.js'
import { crashRun, crashSeed } from '../support/soak/crash-run.js'
import { crashFigures, judgeCrash } from '../support/soak/judge-crash.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
let stack: Stack

beforeAll(async () => {
  stack = await startStack({ root })
}, 60_000)

afterAll(() => stack?.stop(), 30_000)

test(`REL-01 REL-03 REL-32 P-09 P-10 M-040: 20 kills while 300 mails leave lose and double none (seed ${crashSeed})`, async () => {
  const plan = { mails: 300, kills: 20, seed: crashSeed, ages: true, settleMs: 300_000 }
  const run = await crashRun(stack, plan)
  console.log(`crash run: ${crashFigures(run)}`)
  judgeCrash(run, plan.mails)
}, 1_800_000)
