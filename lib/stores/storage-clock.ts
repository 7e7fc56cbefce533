import type { Clock } from '../ports/clock.js'

/**
 * The time of this process: its machine's clock, corrected by the dates in storage's answers, so that all processes
 * mean the same by "due at" (C10). It costs no request. Storage answered at its date, to the second, and some time
 * between request and answer; only a clock that contradicts this is corrected, so that a correct clock is left alone
 * however slow an answer is. Until the first answer the time is the machine's.
 */
export interface StorageClock extends Clock {
  /** Call when a request goes out, the result with the date (milliseconds since the epoch) when its answer is there. */
  ask(): (date: number) => void
}

const dateStepMs = 1_000

export function storageClock(machine: Clock): StorageClock {
  let aheadMs = 0
  return {
    now: () => machine.now() - aheadMs,
    sleep: machine.sleep,
    ask: () => {
      const askedAt = machine.now()
      return (date) => {
        if (!Number.isFinite(date)) return
        const least = askedAt - date - dateStepMs
        const most = machine.now() - date
        // Rather behind than ahead: what is "due now" must not lie in the future for others. Each answer brings it
        // closer.
        if (aheadMs < least || aheadMs > most) aheadMs = most
      }
    },
  }
}
