/** Everything that a test or a demo may change in the emulated Graph; the same names work over `POST /__control`. */
import type { User } from '../directory.js'
import type { FaultOrder } from '../faults.js'
import { exchangeSubmission, type SubmissionLimits, SubmissionMeter } from '../submission-limits.js'
import type { GraphLie } from './graph-lies.js'
import {
  exchangeLimits,
  type GraphCounters,
  type GraphLimits,
  type GraphState,
  type LoggedGraphRequest,
  zeroGraphCounters,
} from './graph-state.js'

export interface GraphControl {
  readonly counters: GraphCounters
  /** Every request, newest last (the last 5,000). */
  readonly requests: LoggedGraphRequest[]
  /**
   * Orders a fault. Kinds: `any`, `mail`, `user`, `folder`, `list`, `message`, `mime`, `patch`, `move`, `delete`,
   * `delta` (also `delta-first`, `delta-next`, `delta-link`), `draft`, `attachment`, `upload-session`, `upload`,
   * `send` (also `send-mail`, `send-draft`).
   */
  fail(order: FaultOrder): void
  /** Orders a lie: an answer that is well-formed and not so. */
  lie(order: GraphLie): void
  /** Lies too. */
  clearFaults(): void
  /** Every request takes this much longer; makes concurrency visible. */
  setLatency(ms: number): void
  /** Exchange's limits with these changed; `false` switches them off. */
  setLimits(limits: Partial<GraphLimits> | false): void
  /** Mails a minute and recipients a day, Exchange's with these changed. Not enforced until this is called. */
  setSubmissionLimits(limits: Partial<SubmissionLimits>): void
  /** All delta links of this mailbox answer 410 from now on. */
  forgetDeltaLinks(address: string): void
  /** Drops a mail into an inbox. */
  deliver(mail: { to: string; raw: string }): void
  /** Adds an account with an empty mailbox. */
  addUser(fields: Partial<User> & { upn: string }): void
  /** Counters, log, faults and lies back to nothing; mail stays. */
  reset(): void
}

export function graphControl(state: GraphState): GraphControl {
  return {
    get counters() {
      return state.counters
    },
    get requests() {
      return state.log
    },
    fail: (order) => state.faults.order(order),
    lie: (order) => state.lies.order(order),
    clearFaults: () => {
      state.faults.clear()
      state.lies.clear()
    },
    setLatency: (ms) => {
      state.latencyMs = ms
    },
    setLimits: (limits) => {
      state.limits = limits === false ? undefined : { ...exchangeLimits, ...limits }
    },
    setSubmissionLimits: (limits) => {
      state.submissions = new SubmissionMeter({ ...exchangeSubmission, ...limits }, state.now)
    },
    forgetDeltaLinks: (address) => {
      const user = state.directory.user(address)
      if (user) state.deltaGeneration.set(user.oid, (state.deltaGeneration.get(user.oid) ?? 0) + 1)
    },
    deliver: ({ to, raw }) => {
      state.directory.deliver(to, raw)
    },
    addUser: (fields) => {
      state.directory.addUser(fields)
    },
    reset: () => {
      state.counters = zeroGraphCounters()
      state.log.length = 0
      state.faults.clear()
      state.lies.clear()
    },
  }
}
