import { GatewayError } from '../../errors.js'

/** A peer that ignores the signal must not hold the worker either. */
export async function withinTime<Result>(ms: number, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const signal = AbortSignal.timeout(ms)
  const timeout = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(pollTimeout()), { once: true })
  })
  return Promise.race([work(signal).catch((error) => Promise.reject(signal.aborted ? pollTimeout() : error)), timeout])
}

function pollTimeout(): GatewayError {
  return new GatewayError('poll_timeout', 'transient', {
    hint: 'slow',
    description: 'The mail server did not finish in the time of one poll.',
    remedy: 'The gateway retries automatically; check the mail server if the fault lasts.',
  })
}
