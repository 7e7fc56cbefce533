import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { patientLimit, slowestBytesPerSecond } from '../../../lib/protocol/patient-limit.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** At which second a limit of 30 s, at most 420 s, is over for a peer that gives so many bytes in each second. */
function overAt(given: (second: number) => number, leastMs = 30_000): { second: number; bytes: number } | 'never' {
  let arrived = 0
  let over: { second: number; bytes: number } | undefined
  let second = 0
  const end = patientLimit({
    leastMs,
    silentMs: 30_000,
    longestMs: 420_000,
    arrived: () => arrived,
    over: (bytes) => {
      over = { second, bytes }
    },
  })
  for (second = 1; second <= 430 && over === undefined; second++) {
    arrived += given(second)
    vi.advanceTimersByTime(1_000)
  }
  end()
  return over ?? 'never'
}

test('M-102: who is silent has the limit and no more', () => {
  expect(overAt(() => 0)).toEqual({ second: 30, bytes: 0 })
  expect(overAt(() => 0, 50_000)).toEqual({ second: 50, bytes: 0 })
})

test('M-102: who gives enough may take the longest time there is', () => {
  expect(overAt(() => slowestBytesPerSecond)).toMatchObject({ second: 420 })
  // In bursts: enough as a mean.
  expect(overAt((second) => (second % 20 === 0 ? slowestBytesPerSecond * 20 : 0))).toMatchObject({ second: 420 })
})

test('SEC-34: who drips is over after the limit, however long it drips', () => {
  expect(overAt(() => 1)).toEqual({ second: 30, bytes: 30 })
  expect(overAt((second) => (second % 29 === 0 ? 1 : 0))).toEqual({ second: 30, bytes: 1 })
  expect(overAt(() => slowestBytesPerSecond - 1)).toMatchObject({ second: 30 })
  // What came in time before counts for nothing later.
  expect(overAt((second) => (second <= 60 ? 10 * slowestBytesPerSecond : 1))).toMatchObject({ second: 90 })
})

test('H7: time in which this process could read nothing is not the peer’s', () => {
  let now = 0
  const over = vi.fn()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
  const end = patientLimit({ leastMs: 30_000, silentMs: 30_000, longestMs: 420_000, arrived: () => 0, over })
  const passes = (ms: number): void => {
    now += ms
    vi.advanceTimersByTime(1_000)
  }
  for (const ms of [1_000, 60_000, ...Array(26).fill(1_000)]) passes(ms)
  expect(over).not.toHaveBeenCalled()
  for (const ms of [1_000, 1_000]) passes(ms)
  expect(over).toHaveBeenCalledOnce()
  end()
  clock.mockRestore()
})

test('a limit that was ended says nothing', () => {
  const over = vi.fn()
  patientLimit({ leastMs: 10, silentMs: 10, longestMs: 20, arrived: () => 0, over })()
  vi.advanceTimersByTime(1_000)
  expect(over).not.toHaveBeenCalled()
})
