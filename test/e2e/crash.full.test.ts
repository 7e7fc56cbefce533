import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stack, startStack } from '../../local/stack.js'
import { crashRun, crashSeed } from '../support/soak/crash-run.js'
import { judgeCrash } from '../support/soak/judge-crash.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
let stack: Stack

beforeAll(async () => {
  stack = await startStack({ root })
}, 300_000)

afterAll(() => stack?.stop(), 30_000)

test(`REL-01 REL-03 REL-32 P-09 P-10 M-040: workers killed while 60 mails leave lose and double none (seed ${crashSeed})`, async () => {
  const plan = { mails: 60, kills: 4, seed: crashSeed, ages: true, settleMs: 120_000 }
  const run = await crashRun(stack, plan)
  judgeCrash(run, plan.mails)
  // The control: a copy more or less at the recipient's would be noticed.
  const [subject = ''] = [...run.mails].find(([, mail]) => mail.state === 'sent') ?? []
  for (const count of [0, 2])
    expect(() => judgeCrash({ ...run, copies: new Map([...run.copies, [subject, count]]) }, plan.mails)).toThrow(
      count === 0 ? 'never arrived' : 'arrived twice',
    )
}, 300_000)
