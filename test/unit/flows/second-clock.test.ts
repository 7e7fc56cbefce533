/** Timers that stand still, all or one (M-171, C9): their work comes by the second clock, and somebody is told. */
import { expect, test } from 'vitest'
import { checkHealth } from '../../../lib/flows/ops/check-health.js'
import { keepClockGoing, runTimer, secondClock, watchClock } from '../../../lib/flows/ops/second-clock.js'
import { timerNames } from '../../../lib/model/timers.js'
import { findTimers } from '../../../lib/rows/timers.js'
import { fuse, wired } from '../../support/send/send-harness.js'
import { timerWorld } from '../../support/soak/timer-world.js'

const minute = 60_000
type World = Awaited<ReturnType<typeof timerWorld>>
const timersCheck = async (w: World) =>
  (await checkHealth({ ...w.deps, clock: w.h.clock }, w.h.clock.now)).checks.find(({ name }) => name === 'timers')!
const inQueue = (w: World) => w.deps.queues.depth(w.deps.names.queue('second-clock'))

test('M-171: with all timers dead nothing is more than three minutes late', async () => {
  const w = await timerWorld()
  await w.look()
  await w.live(5)
  w.alive.clear()
  Object.assign(w.late, { mail: 0, poll: 0, grant: 0, sweep: 0 })
  for (let each = 0; each < 50; each++) await w.plan((7 + each) * minute + each * 1_700)
  await w.live(65)
  expect(Math.max(...Object.values(w.late)), JSON.stringify(w.late)).toBeLessThanOrEqual(3 * minute)
  expect(Math.min(...Object.values(w.late)), 'everything came up').toBeGreaterThan(0)
  expect(w.plannedAt.size).toBe(0)
})

test('M-171 negative control: without the second clock nothing happens any more', async () => {
  const w = await timerWorld()
  await w.live(5)
  w.alive.clear()
  await w.plan(7 * minute)
  const { sweeps } = w.counts()
  await w.live(60)
  expect(w.plannedAt.size).toBe(1)
  expect(w.counts().sweeps).toBe(sweeps)
})

test.each(timerNames)(
  'M-171, C9: %s dead alone: its work is done, it is told within five minutes, and over when it runs',
  async (timer) => {
    const w = await timerWorld()
    await w.look()
    await w.live(5)
    expect(await timersCheck(w)).toMatchObject({ ok: true })
    w.alive.delete(timer)
    Object.assign(w.late, { mail: 0, poll: 0, grant: 0, sweep: 0 })
    await w.live(5)
    expect(w.of('timer-late').at(-1)).toMatchObject({ timer })
    expect(await w.attention(timer)).toMatchObject({
      code: 'timers_silent',
      class: 'needs-admin',
      hint: 'operator',
      subject: timer,
    })
    // Its work was begun by the second clock, which says so.
    expect(w.h.clock.now() - (await findTimers(w.deps))!.of(timer).begunAt).toBeLessThanOrEqual(3 * minute)
    const check = await timersCheck(w)
    expect(check).toMatchObject({ ok: false, code: 'timers_silent' })
    for (const name of timerNames) expect(check.text.includes(name)).toBe(name === timer)
    await w.live(15, () => w.plan(2 * minute))
    expect(Math.max(...Object.values(w.late)), JSON.stringify(w.late)).toBeLessThanOrEqual(3 * minute)
    expect(
      w
        .of('timer-ran')
        .filter((line) => line['kind'] === 'second-clock')
        .map((line) => line['timer']),
    ).toContain(timer)
    w.alive.add(timer)
    await w.live(3)
    expect(await w.attention(timer)).toBeUndefined()
    expect((await findTimers(w.deps))!.of(timer).isTold).toBe(false)
    expect(await timersCheck(w)).toMatchObject({ ok: true })
  },
)

test('M-171: timers that run leave the second clock nothing to do, and one message goes round', async () => {
  const w = await timerWorld()
  await w.look()
  await w.live(30, () => w.look())
  expect(w.of('timer-ran').filter((line) => line['kind'] !== 'own')).toEqual([])
  expect(w.of('timer-late')).toEqual([])
  expect(w.counts().rounds).toBe(20)
  expect(await inQueue(w)).toBe(1)
})

test('M-171: a message that is lost is sent again by whatever runs next, also with all timers dead', async () => {
  const w = await timerWorld()
  await w.look()
  await w.live(5)
  w.alive.clear()
  await w.deps.queues.remove(w.deps.names.queue('second-clock'))
  Object.assign(w.late, { mail: 0, poll: 0, grant: 0, sweep: 0 })
  const look = watchClock(w.deps)
  await w.live(20, look)
  expect(await inQueue(w)).toBe(1)
  expect(w.late.sweep).toBeGreaterThan(minute)
  // From the last sweep: lateness of the lost round and of the look together.
  expect(w.late.sweep).toBeLessThanOrEqual(5 * minute)
})

test('M-171: a delivery that repeats, or a message of somebody else, starts no second round and does no work', async () => {
  const w = await timerWorld()
  await w.look()
  w.h.clock.advance(2 * minute)
  const [message] = w.take('second-clock')
  await secondClock(w.deps, message!, w.work)
  expect(w.counts().sweeps).toBe(1)
  w.h.clock.advance(2 * minute)
  for (const again of [message!, { id: 'strange' }]) await secondClock(w.deps, again, w.work)
  expect(w.counts().sweeps).toBe(1)
  expect(await inQueue(w)).toBe(1)
})

test('M-171: two processes that plant the message at once: neither fails, one message counts', async () => {
  const w = await timerWorld()
  const planted = await Promise.all([keepClockGoing(w.deps), keepClockGoing(w.deps)])
  expect(planted.filter((dueAt) => dueAt > 0)).toHaveLength(1)
  expect(await inQueue(w)).toBe(1)
})

test('M-170, C9: an instance that stops passes the message on and begins no work, and a run it cuts counts as none', async () => {
  const w = await timerWorld()
  await w.look()
  await w.live(1)
  const ranAt = async () => (await findTimers(w.deps))!.of('sweep').ranAt
  const before = await ranAt()
  w.h.clock.advance(2 * minute)
  const stop = new AbortController()
  const deps = { ...w.deps, stopping: stop.signal }
  await runTimer(deps, 'sweep', { ...w.work, sweep: async () => stop.abort() })
  expect(await ranAt()).toBe(before)
  w.h.clock.advance(2 * minute)
  const [message] = w.take('second-clock')
  const { sweeps } = w.counts()
  await secondClock(deps, message!, w.work)
  expect(w.counts().sweeps).toBe(sweeps)
  expect(await inQueue(w)).toBe(1)
})

test('M-171: after a time in which nothing ran at all the work is done at once, and nobody is woken unless a timer stays silent', async () => {
  for (const dead of [undefined, 'sweep'] as const) {
    const w = await timerWorld()
    await w.look()
    await w.live(5)
    w.h.clock.advance(30 * minute)
    if (dead !== undefined) w.alive.delete(dead)
    const { sweeps } = w.counts()
    await w.live(5, w.look)
    expect(w.counts().sweeps).toBeGreaterThan(sweeps)
    expect([...new Set(w.of('timer-late').map((line) => line['timer']))]).toEqual(dead === undefined ? [] : [dead])
    expect((await w.attention('sweep')) !== undefined).toBe(dead !== undefined)
  }
})

test('M-171: a second clock whose queue nobody serves is told by whatever runs', async () => {
  const w = await timerWorld()
  await w.look()
  for (let each = 0; each < 6; each++) {
    w.h.clock.advance(70_000)
    for (const timer of timerNames) await runTimer(w.deps, timer, w.work)
    await w.look()
  }
  expect([...new Set(w.of('timer-late').map((line) => line['timer']))]).toEqual(['second-clock'])
  expect(await timersCheck(w)).toMatchObject({ ok: true })
})

test('M-171: looks of many processes at once send one message that counts', async () => {
  const w = await timerWorld()
  await Promise.all(Array.from({ length: 8 }, () => w.look()))
  w.h.clock.advance(10 * minute)
  await Promise.all(Array.from({ length: 8 }, () => w.look()))
  w.alive.clear()
  await w.live(10)
  expect(await inQueue(w)).toBe(1)
  expect(w.late.sweep).toBeLessThanOrEqual(11 * minute)
  expect(w.counts().sweeps).toBeLessThanOrEqual(10)
})

test('M-171: a round that dies after any of its requests continues, once, when its message comes again', async () => {
  for (let crashAt = 2; crashAt < 60; crashAt++) {
    const w = await timerWorld({ mailboxes: 1 })
    await w.look()
    w.h.clock.advance(2 * minute)
    const [message] = w.take('second-clock')
    const state = fuse(crashAt)
    const doomed = {
      ...w.deps,
      tables: wired(w.deps.tables, 'tables', state),
      queues: wired(w.deps.queues, 'queues', state),
    }
    await secondClock(doomed, message!, w.work).catch(() => {})
    await secondClock(w.deps, message!, w.work)
    w.alive.clear()
    await w.live(5)
    expect(await inQueue(w), `crash at ${crashAt}`).toBe(1)
    expect(w.counts().sweeps, `crash at ${crashAt}`).toBeGreaterThan(1)
    if (!state.dead) return
  }
  expect.unreachable()
})

test('M-171: a run that fails is logged and ends neither the round nor the work of the others', async () => {
  const w = await timerWorld()
  await w.look()
  w.alive.clear()
  w.work['mailboxes-due'] = () => Promise.reject(new Error('broken'))
  await w.live(4)
  expect(w.of('timer-failed')[0]).toMatchObject({ timer: 'mailboxes-due' })
  expect(w.counts().sweeps).toBeGreaterThan(0)
  expect(await inQueue(w)).toBe(1)
})

test('M-171: a timer that hangs in its run counts as late from when it began', async () => {
  const w = await timerWorld()
  await w.look()
  await w.live(2)
  w.alive.delete('sweep')
  const { sweeps } = w.counts()
  void runTimer(w.deps, 'sweep', { ...w.work, sweep: () => new Promise(() => {}) })
  await w.live(1)
  expect(w.counts().sweeps).toBe(sweeps)
  await w.live(4)
  expect(w.counts().sweeps).toBeGreaterThan(sweeps)
  expect(await w.attention('sweep')).toBeDefined()
})

test('M-171: a process looks at most once a minute, with one request, and an outage of storage is none of its matter', async () => {
  const w = await timerWorld()
  await w.look()
  const state = fuse()
  const tables = wired(w.deps.tables, 'tables', state)
  const look = watchClock({ ...w.deps, tables })
  for (let second = 0; second < 60; second++) {
    await Promise.all([look(), look()])
    w.h.clock.advance(1_000)
  }
  expect(state.calls).toBe(1)
  state.dead = true
  w.h.clock.advance(2 * minute)
  await look()
  expect(state.calls).toBe(2)
})
