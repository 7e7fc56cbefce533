export interface BackoffLimits {
  baseMs: number
  capMs: number
  /** What the peer itself asked for. */
  retryAfterMs?: number | undefined
}

/**
 * Wait before attempt `failures + 1`: exponential with full jitter (REL-07). The wait that the peer requests wins if it
 * is longer, up to the cap. Some peers request one second for ever, so the doubling floor stays.
 */
export function backoffMs(
  failures: number,
  { baseMs, capMs, retryAfterMs = 0 }: BackoffLimits,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(Math.max(failures - 1, 0), 40))
  const floor = Math.min(1000, ceiling)
  const own = floor + random() * (ceiling - floor)
  return Math.round(Math.max(own, Math.min(retryAfterMs, capMs)))
}
