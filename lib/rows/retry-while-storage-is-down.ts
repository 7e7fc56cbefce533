import { isStorageUnavailable } from '../errors.js'
import type { Toolbox } from '../ports/toolbox.js'

/** Less than any lease that protects what is being written. */
const longestMs = 90_000
const shortestPauseMs = 250
const longestPauseMs = 5_000

/**
 * Repeats `work` while storage is away, for a minute and a half at most: for what only this process knows, such as a
 * mail server's yes. `work` must bear being repeated after it was done and only its answer got lost.
 */
export async function retryWhileStorageIsDown<T>(deps: Pick<Toolbox, 'clock'>, work: () => Promise<T>): Promise<T> {
  let waitedMs = 0
  for (let pauseMs = shortestPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      return await work()
    } catch (error) {
      if (!isStorageUnavailable(error) || waitedMs >= longestMs) throw error
    }
    await deps.clock.sleep(pauseMs)
    waitedMs += pauseMs
  }
}
