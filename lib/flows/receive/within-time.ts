/**
 * The time of one poll: less than its lease, and longer while a large mail comes over a slow line. Then the lease is
 * renewed, as long as nobody else needs what this poll holds. Cut short it is nobody's fault: the mail comes with
 * another poll.
 */
import { GatewayError, RowChangedError } from '../../errors.js'
import { noRoom } from '../../ports/bytes-in-hand.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { patientLimit } from '../../protocol/patient-limit.js'
import type { Lease } from '../../rows/lease.js'

export const leaseMs = 60_000
/** Less than a function has (host.json), and more than one mail may take. */
export const longestPollMs = 8 * 60_000
/** Renewed below, so that the time until there has to be progress again is over before the lease is. */
const renewBelowMs = 45_000
const lastCallMs = 12_000
/** Beyond their time in one process; its other places stay with mailboxes that are quick. */
const mostAtOnce = 10

export interface TimeOfPoll {
  deps: Pick<Toolbox, 'stopping' | 'inHand' | 'memory'>
  lease: Pick<Lease, 'renew' | 'remainingMs'>
  /** By `performance.now()`. */
  startedAt: number
  /** Milliseconds it has in any case; default 50,000. */
  timeLimitMs?: number | undefined
  /** Milliseconds it has while bytes arrive; default `longestPollMs`. */
  longestMs?: number | undefined
  /** Bytes of the mail server so far. */
  arrived(): number
}

/** A peer that ignores the signal must not hold the worker either. */
export async function withinTime<Result>(
  { deps, lease, startedAt, timeLimitMs = 50_000, longestMs = longestPollMs, arrived }: TimeOfPoll,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const beyondTheirTime = deps.memory.longPolls
  const ending = new AbortController()
  const { signal } = ending
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  let renewing = false
  const renew = async (): Promise<void> => {
    renewing = true
    try {
      await lease.renew(leaseMs)
    } catch (error) {
      if (error instanceof RowChangedError || lease.remainingMs() < lastCallMs) ending.abort(error)
    } finally {
      renewing = false
    }
  }
  const goOn = (): void => {
    const elapsed = performance.now() - startedAt
    if (elapsed > timeLimitMs) {
      beyondTheirTime.add(lease)
      const isInTheWay = beyondTheirTime.size > mostAtOnce || deps.stopping.aborted || deps.inHand.isAwaited()
      if (isInTheWay || elapsed > longestMs) ending.abort(noRoom())
    }
    if (!renewing && lease.remainingMs() < renewBelowMs) void renew()
  }
  const end = patientLimit({
    leastMs: timeLimitMs,
    silentMs: timeLimitMs * 0.7,
    longestMs: longestMs * 2,
    arrived,
    over: () => ending.abort(pollTimeout()),
    progress: goOn,
  })
  try {
    const working = work(signal).catch((error) => Promise.reject(signal.aborted ? signal.reason : error))
    return await Promise.race([working, ended])
  } finally {
    end()
    beyondTheirTime.delete(lease)
  }
}

function pollTimeout(): GatewayError {
  return new GatewayError('poll_timeout', 'transient', {
    hint: 'slow',
    description: 'The mail server did not finish within the time of one poll.',
    remedy: 'The gateway retries automatically; check the mail server if the fault persists.',
  })
}
