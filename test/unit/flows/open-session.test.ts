import { expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { laneSession } from '../../../lib/flows/send/open-session.js'
import type { SendRoute } from '../../../lib/flows/send/send-route.js'
import { handOverMs } from '../../../lib/rows/lane.js'
import { toolbox } from '../../support/general/toolbox.js'

/** Sleepers wake when the time they asked for was passed by `advance`. */
function steppedClock() {
  let now = 1_000_000
  const sleepers = new Set<{ at: number; wake: () => void }>()
  return {
    sleepers,
    now: () => now,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        if (ms <= 0) return resolve()
        const sleeper = { at: now + ms, wake: resolve }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper)
          reject(signal.reason as Error)
        })
      }),
    async advance(ms: number): Promise<void> {
      now += ms
      for (const sleeper of sleepers) if (sleeper.at <= now && sleepers.delete(sleeper)) sleeper.wake()
      await new Promise(setImmediate)
    },
  }
}

function opened() {
  const clock = steppedClock()
  const signals: AbortSignal[] = []
  const session = { send: () => Promise.reject(new Error('not used')), close: async () => {} }
  const sender = {
    open: async (_target: unknown, _authority: unknown, signal: AbortSignal) => {
      signals.push(signal)
      return session
    },
  }
  const route = { sender, target: {}, authority: {}, perSession: 100 } as unknown as SendRoute
  return { clock, signals, lane: laneSession(toolbox({ clock }), route) }
}

/** Work that ends when told. */
function pending() {
  let end = (): void => {}
  const work = new Promise<void>((resolve) => {
    end = resolve
  })
  return { work: () => work, end: () => end() }
}

/** A hand-over that starts now is cut at its limit, and not a moment earlier. */
async function expectLimit({ clock, signals, lane }: ReturnType<typeof opened>): Promise<void> {
  const slow = pending()
  const running = lane.limited(slow.work)
  await clock.advance(handOverMs - 1)
  expect(signals[0]?.aborted).toBe(false)
  await clock.advance(1)
  expect(signals[0]?.aborted).toBe(true)
  slow.end()
  await running
}

test('REL-04: a hand-over that takes longer than the lease allows is aborted, not a moment earlier', async () => {
  const world = opened()
  await world.lane.get()
  await expectLimit(world)
})

test('REL-04: the time of each hand-over counts from scratch, however long the session lives', async () => {
  const world = opened()
  const { clock, lane } = world
  await lane.get()
  for (let mail = 0; mail < 5; mail += 1) {
    const work = pending()
    const running = lane.limited(work.work)
    await clock.advance(handOverMs * 0.7)
    work.end()
    await running
  }
  await expectLimit(world)
})

test('a session that was dropped leaves no sleeper behind, and the next one is watched again', async () => {
  const { clock, signals, lane } = opened()
  await lane.get()
  await lane.drop()
  expect(clock.sleepers.size).toBe(0)
  await lane.get()
  const slow = pending()
  const running = lane.limited(slow.work)
  await clock.advance(handOverMs)
  expect(signals.map((signal) => signal.aborted)).toEqual([false, true])
  slow.end()
  await running
  await lane.drop()
  expect(clock.sleepers.size).toBe(0)
})

test.each([
  [false, 2],
  [true, 1],
])(
  'P-08: a refused sign-in is confirmed by a second try, unless this instance is stopping (%s)',
  async (isStopping, opens) => {
    let count = 0
    const open = async () => {
      count++
      throw new GatewayError('smtp_login_refused', 'needs-reconnect')
    }
    const stopping = isStopping ? AbortSignal.abort() : new AbortController().signal
    const route = { sender: { open }, target: {}, authority: {}, perSession: 100 } as unknown as SendRoute
    const lane = laneSession(toolbox({ clock: steppedClock(), stopping }), route)
    await expect(lane.get()).rejects.toMatchObject({ code: 'smtp_login_refused' })
    await lane.drop()
    expect(count).toBe(opens)
  },
)
