/** How often something runs in one process, whoever asks for it. Nothing is shared between processes. */
import type { Clock } from '../../ports/clock.js'

type Now = Clock['now']

/** Runs until it has succeeded once. */
export function once(run: () => Promise<unknown>): () => Promise<void> {
  let done = false
  return async () => {
    if (done) return
    await run()
    done = true
  }
}

/** Runs at the first call and then at most once in `periodMs`; a failed run is repeated at the next call. */
export function every(periodMs: number, run: () => Promise<unknown>, now: Now): () => Promise<void> {
  let notBefore = 0
  return async () => {
    const called = now()
    if (called < notBefore) return
    await run()
    notBefore = called + periodMs - 30_000
  }
}

/** One answer for everybody who asks while it is made and until it is `keptMs` old; a failed one is not kept. */
export function shared<T>(keptMs: number, ask: () => Promise<T>, now: Now): () => Promise<T> {
  let answer: Promise<T> | undefined
  let until = 0
  return () => {
    if (answer !== undefined && now() < until) return answer
    until = Number.POSITIVE_INFINITY
    answer = ask()
    const settled = (keep: number): void => {
      until = keep
    }
    answer.then(
      () => settled(now() + keptMs),
      () => settled(0),
    )
    return answer
  }
}
