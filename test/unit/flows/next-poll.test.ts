import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { breakerFailures, nextPollAt } from '../../../lib/flows/receive/next-poll.js'

const minute = 60_000
const intervals = { pollMinMs: minute, pollMaxMs: 15 * minute }
const now = 1_795_000_000_000
const middle = () => 0.5
const wait = (history: Partial<Parameters<typeof nextPollAt>[0]>): number =>
  nextPollAt({ now, lastMailAt: 0, failures: 0, more: false, ...history }, intervals, middle) - now

describe('next poll', () => {
  test('P-14: quick after activity, slow when quiet', () => {
    expect(wait({ lastMailAt: now })).toBe(minute)
    expect(wait({ lastMailAt: now - 60 * minute })).toBe(5 * minute)
    expect(wait({ lastMailAt: now - 24 * 60 * minute })).toBe(15 * minute)
    expect(wait({})).toBe(15 * minute)
  })

  test('a backlog continues at once', () => {
    expect(wait({ more: true })).toBe(0)
  })

  test('failures double the wait up to an hour, and the breaker leaves the peer alone', () => {
    const failed = 'transient' as const
    expect([1, 2, 3, 4].map((failures) => wait({ failed, failures }) / minute)).toEqual([1, 2, 4, 8])
    expect(wait({ failed, failures: breakerFailures })).toBe(16 * minute)
    expect(wait({ failed, failures: 50 })).toBe(60 * minute)
  })

  test("never before the peer's own Retry-After", () => {
    expect(wait({ failed: 'transient', failures: 1, retryAfterMs: 10 * minute })).toBeGreaterThanOrEqual(10 * minute)
  })

  test('when a person must act first the server is left alone for hours', () => {
    for (const failed of ['needs-reconnect', 'needs-admin'] as const)
      expect(wait({ failed, failures: 1 })).toBe(12 * 60 * minute)
  })

  test('REL-26: always within bounds, and mailboxes that began together drift apart', () => {
    const history = fc.record({ quiet: fc.nat(10 ** 10), random: fc.double({ min: 0, max: 0.999, noNaN: true }) })
    fc.assert(
      fc.property(history, ({ quiet, random }) => {
        const at = nextPollAt({ now, lastMailAt: now - quiet, failures: 0, more: false }, intervals, () => random)
        expect(at - now).toBeGreaterThanOrEqual(minute)
        expect(at - now).toBeLessThanOrEqual(15 * minute)
      }),
    )
    const hourAgo = { now, lastMailAt: now - 60 * minute, failures: 0, more: false }
    expect(nextPollAt(hourAgo, intervals, () => 0)).not.toBe(nextPollAt(hourAgo, intervals, () => 0.9))
  })
})
