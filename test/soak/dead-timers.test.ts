import { expect, test } from 'vitest'
import { timerWorld } from '../support/soak/timer-world.js'

const minute = 60_000

test('M-171: 24 hours with all timers dead and nobody calling: nothing is more than three minutes late', async () => {
  const w = await timerWorld({ mailboxes: 200, pollMs: 10 * minute, refreshMs: 50 * minute })
  await w.look()
  await w.live(5)
  w.alive.clear()
  Object.assign(w.late, { mail: 0, poll: 0, grant: 0, sweep: 0 })
  const before = w.counts()
  for (let each = 0; each < 80; each++) await w.plan(10 * minute + each * 1_061_000)
  await w.live(24 * 60)
  const { rounds, sweeps } = w.counts()
  console.log(
    `dead timers: ${JSON.stringify({ ...w.late, rounds: rounds - before.rounds, sweeps: sweeps - before.sweeps })}`,
  )
  expect(Math.max(...Object.values(w.late)), JSON.stringify(w.late)).toBeLessThanOrEqual(3 * minute)
  expect(Math.min(...Object.values(w.late))).toBeGreaterThan(0)
  expect(w.plannedAt.size).toBe(0)
  expect(await w.deps.queues.depth(w.deps.names.queue('second-clock'))).toBe(1)
}, 900_000)
