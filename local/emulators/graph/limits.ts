import type { User } from '../directory.js'
import { GraphRefusal } from './graph-refusal.js'
import type { GraphState } from './graph-state.js'

const windowMs = 10 * 60_000

/** Runs one request under Exchange's limits per mailbox: four at once, 10,000 in ten minutes; refusals still count. */
export async function underLimits<T>(state: GraphState, user: User, answer: () => Promise<T>): Promise<T> {
  const { counters, limits, open } = state
  const now = (open.get(user.oid) ?? 0) + 1
  open.set(user.oid, now)
  counters.peakConcurrency = Math.max(counters.peakConcurrency, now)
  try {
    const isOver = now > (limits?.concurrency ?? 4)
    if (isOver) counters.concurrencyViolations += 1
    if (limits && isOver) throw throttled(state, 'MailboxConcurrency', 1)
    if (limits && rateOf(state, user) > limits.requestsPerTenMinutes) throw throttled(state, 'request', 60)
    return await answer()
  } finally {
    const left = open.get(user.oid)! - 1
    if (left > 0) open.set(user.oid, left)
    else open.delete(user.oid)
  }
}

/** One more mail to so many recipients, when submissions are limited. */
export function countSubmission(state: GraphState, user: User, recipients: number): void {
  const over = state.submissions?.over(user.oid, recipients)
  if (over === undefined) return
  state.counters.submissionViolations += 1
  if (over === 'minute') throw throttled(state, 'message rate', 60)
  throw new GraphRefusal(429, 'ErrorExceededMessageLimit', 'The sender reached its recipient limit of the day.')
}

function rateOf(state: GraphState, user: User): number {
  const now = state.now()
  const window = state.windows.get(user.oid)
  if (!window || now - window.startsAt >= windowMs) {
    state.windows.set(user.oid, { startsAt: now, requests: 1 })
    return 1
  }
  window.requests += 1
  return window.requests
}

function throttled(state: GraphState, limit: string, seconds: number): GraphRefusal {
  state.counters.throttled += 1
  const message = `Application is over its ${limit} limit.`
  return new GraphRefusal(429, 'ApplicationThrottled', message, { 'retry-after': String(seconds) })
}
