/** Machines whose clocks are wrong (C10): when a mail leaves is decided by the clock of storage, whoever accepts and whoever sends. */

import { expect, test } from 'vitest'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Message } from '../../../lib/model/messages.js'
import type { Clock } from '../../../lib/ports/clock.js'
import type { Tables } from '../../../lib/ports/tables.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { type StorageClock, storageClock } from '../../../lib/stores/storage-clock.js'
import { type Harness, manualClock, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane, sweepLanes } = sendFlows
const minute = 60_000

/** Storage whose every answer carries its date, to the second. */
const dated = (tables: Tables, now: () => number, clock: StorageClock): Tables =>
  new Proxy(tables, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as (...input: unknown[]) => unknown
      const answered = () => {
        const hear = clock.ask()
        return () => hear(Math.floor(now() / 1_000) * 1_000)
      }
      if (name === 'query')
        return async function* (...input: unknown[]) {
          const hear = answered()
          yield* method.apply(target, input) as AsyncIterable<unknown>
          hear()
        }
      return async (...input: unknown[]) => {
        const hear = answered()
        const result = await method.apply(target, input)
        hear()
        return result
      }
    },
  })

/** A process on a machine that is so far ahead; `isHeard`: it goes by what storage says. */
async function processOn(h: Harness, aheadMs: number, isHeard: boolean) {
  const machine: Clock = { now: () => h.clock.now() + aheadMs, sleep: h.clock.sleep }
  if (!isHeard) return { ...h.process().deps, clock: machine }
  const clock = storageClock(machine)
  const { deps } = h.process()
  const tables = dated(deps.tables, h.clock.now, clock)
  // The first look at the timers, which every process takes before anything else.
  await tables.get(h.deps.names.table('tenants'), '~', 'timers')
  return { ...deps, tables, clock }
}

/** How late a mail leaves that is planned for in ten minutes; a new process each minute runs the timer and sends. */
async function lateness(aheadMs: { accepts: number; sends: number }, isHeard = true): Promise<number> {
  const h = await sendHarness()
  const plannedAt = h.clock.now() + 10 * minute
  const notBefore = new Date(plannedAt).toISOString()
  const mail = parseMailSubmission({ to: ['a@b.example'], subject: 'Offer', text: 'Hello', notBefore })
  await acceptMail(await processOn(h, aheadMs.accepts, isHeard), h.tenant, { submission: mail })
  const queue = h.deps.names.queue('mail-send')
  for (let second = 0; second < 30 * 60 && h.peer.sent.length === 0; second += 10) {
    const deps = await processOn(h, aheadMs.sends, isHeard)
    if (second % 60 === 0) await sweepLanes(deps)
    for (const message of (h.stores.queues as MemoryQueues).take<Message<'mail-send'>>(queue))
      await drainLane(deps, message)
    h.clock.advance(10_000)
  }
  return h.clock.now() - 10_000 - plannedAt
}

const off = [
  { accepts: 7 * minute, sends: 0 },
  { accepts: -7 * minute, sends: 0 },
  { accepts: 0, sends: 7 * minute },
  { accepts: 0, sends: -7 * minute },
]

test.each(off)(
  'C10: a planned mail leaves within a minute of its time on machines that are off by %o',
  async (ahead) => {
    const lateMs = await lateness(ahead)
    expect(lateMs).toBeGreaterThanOrEqual(0)
    expect(lateMs).toBeLessThanOrEqual(minute)
  },
)

test('C10 negative control: by its own clock a machine that is ahead sends early, and one that is behind late', async () => {
  expect(await lateness({ accepts: 0, sends: 7 * minute }, false)).toBeLessThan(-6 * minute)
  expect(await lateness({ accepts: 0, sends: -7 * minute }, false)).toBeGreaterThan(6 * minute)
})

test('C10: mail of a machine that is behind or ahead is due at once for everybody else', async () => {
  for (const aheadMs of [-7 * minute, 7 * minute]) {
    const h = await sendHarness()
    await acceptMail(await processOn(h, aheadMs, true), h.tenant, {
      submission: parseMailSubmission({ to: ['a@b.example'], subject: 'Offer', text: 'Hello' }),
    })
    for (const message of (h.stores.queues as MemoryQueues).take<Message<'mail-send'>>(h.deps.names.queue('mail-send')))
      await drainLane(h.process().deps, message)
    expect(h.peer.sent, String(aheadMs)).toHaveLength(1)
  }
})

test('C10: a right clock is left alone however slow an answer is, and a wrong one is right at once', () => {
  const truth = manualClock()
  const machine = { now: truth.now, sleep: truth.sleep }
  const clock = storageClock(machine)
  const answer = (clockAsked: StorageClock, beforeMs: number, afterMs: number) => {
    const hear = clockAsked.ask()
    truth.advance(beforeMs)
    const date = Math.floor(truth.now() / 1_000) * 1_000
    truth.advance(afterMs)
    hear(date)
  }
  for (const [beforeMs, afterMs] of [
    [1, 1],
    [999, 0],
    [20_000, 5],
    [5, 20_000],
  ] as const) {
    answer(clock, beforeMs, afterMs)
    expect(clock.now()).toBe(truth.now())
  }
  const hear = clock.ask()
  hear(Number.NaN)
  expect(clock.now()).toBe(truth.now())
  for (const aheadMs of [7 * minute, -7 * minute]) {
    const wrong = storageClock({ ...machine, now: () => truth.now() + aheadMs })
    answer(wrong, 3, 3)
    expect(truth.now() - wrong.now()).toBeLessThanOrEqual(1_003)
    for (let each = 0; each < 50; each++) answer(wrong, 17, 3)
    expect(truth.now() - wrong.now()).toBeGreaterThanOrEqual(0)
    expect(truth.now() - wrong.now()).toBeLessThanOrEqual(30)
  }
})
