/**
 * A time limit based on progress: a peer that delivers bytes steadily may take long, one that is silent or drips may
 * not. Progress means an average of `slowestBytesPerSecond` since the last progress, so that a bursty line does not
 * count as slow.
 */

/** 256 kbit/s; below that the largest mails would not come in the time of a function. */
export const slowestBytesPerSecond = 32 * 1024

export interface PatientLimit {
  /** Milliseconds from the start that are given whatever happens. */
  leastMs: number
  /** Milliseconds after progress until there has to be progress again. */
  silentMs: number
  /** Milliseconds from the start, whatever arrives. */
  longestMs: number
  /** Bytes that arrived so far; only their growth counts. */
  arrived(): number
  /** Once; with the bytes that arrived since there was progress last. */
  over(bytes: number): void
  /** Called about once a second while there is progress. */
  progress?(): void
}

/** Starts the limit; call the result to end it. */
export function patientLimit({ leastMs, silentMs, longestMs, arrived, over, progress }: PatientLimit): () => void {
  const everyMs = Math.min(1_000, Math.max(10, silentMs / 20))
  const started = performance.now()
  let looked = started
  let at = started
  let bytes = arrived()
  /** Milliseconds in which this process was busy and could read nothing: no fault of the peer. */
  let missed = 0
  const end = (): void => clearInterval(timer)
  const look = (): void => {
    const now = performance.now()
    missed += Math.max(0, now - looked - 2 * everyMs)
    looked = now
    const more = arrived() - bytes
    const isProgress = more > 0 && more >= (slowestBytesPerSecond * (now - at - missed)) / 1_000
    const until = Math.max(started + leastMs, at + silentMs) + missed
    if (now - started >= longestMs || (!isProgress && now >= until)) {
      end()
      over(more)
    } else if (isProgress) {
      at = now
      missed = 0
      bytes += more
      progress?.()
    }
  }
  const timer = setInterval(look, everyMs)
  return end
}
