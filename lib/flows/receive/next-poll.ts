import type { ErrorClass } from '../../errors.js'

/** What is known after a poll. Times in milliseconds. */
export interface PollHistory {
  now: number
  /** Arrival of the latest mail, 0 when there was none. */
  lastMailAt: number
  /** Failed polls in a row, this one included. */
  failures: number
  /** Class of this poll's failure. */
  failed?: ErrorClass
  /** A refusal that needs a person has come for the first time: a later one decides (P-08). */
  unconfirmed?: boolean
  retryAfterMs?: number
  /** More mail waits at the server. */
  more: boolean
}

export interface PollIntervals {
  pollMinMs: number
  pollMaxMs: number
}

const hour = 3_600_000
const longestBackoffMs = hour
/** From so many failures in a row on the peer is left alone for at least `breakerMs`, and people are told. */
export const breakerFailures = 5
const breakerMs = 15 * 60_000
/** Somebody must act first; a look twice a day notices a repair nobody announced. */
const waitingForPeopleMs = 12 * hour
const secondLookMs = 3 * 60_000

/**
 * When to poll next. Quick after activity: a twelfth of the time since the last mail, between the two bounds. Failures
 * double the wait; the peer's own Retry-After is a minimum. Jitter spreads mailboxes that began together (REL-26).
 */
export function nextPollAt(history: PollHistory, intervals: PollIntervals, random: () => number = Math.random): number {
  const { now, failures, failed } = history
  if (failed === 'needs-reconnect' || failed === 'needs-admin')
    return now + spread(history.unconfirmed ? secondLookMs : waitingForPeopleMs, random)
  if (failed !== undefined) {
    const doubled = intervals.pollMinMs * 2 ** Math.min(failures - 1, 20)
    const least = failures >= breakerFailures ? breakerMs : 0
    const wait = Math.max(Math.min(doubled, longestBackoffMs), least)
    // Only ever later than the peer asked for.
    return now + Math.max(spread(wait, random), (history.retryAfterMs ?? 0) + random() * intervals.pollMinMs * 0.2)
  }
  if (history.more) return now
  const quietMs = history.lastMailAt === 0 ? Number.POSITIVE_INFINITY : now - history.lastMailAt
  const wait = Math.min(Math.max(quietMs / 12, intervals.pollMinMs), intervals.pollMaxMs)
  return now + Math.max(intervals.pollMinMs, Math.min(spread(wait, random), intervals.pollMaxMs))
}

const spread = (ms: number, random: () => number): number => ms * (0.9 + random() * 0.2)
