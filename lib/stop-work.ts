/**
 * The platform takes this instance away (M-170): it runs the app's terminate hooks or sends SIGTERM, and kills the
 * process seconds later. From the first sign on one signal tells every drain, poll, refresh, delivery and timer to
 * begin nothing new, to finish what cannot be taken back and to leave the rest to another instance. The hook keeps the
 * worker alive until nothing runs any more, because the Node.js worker exits as soon as its hooks are over.
 */

import { setMaxListeners } from 'node:events'

/** As long as the platform's own host waits at most; drained instances of Flex Consumption have 1 to 3 seconds. */
const graceMs = 10_000

/** All that runs listens to one signal, 40 polls of a job at once: Node would take that for a leak. */
export function stopController(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

let stopping = stopController()
const inHand = new Set<string>()
let idle = (): void => {}

/** Aborted when this process should end. One signal for all that was wired while it lasts. */
export const stopSignal = (): AbortSignal => stopping.signal

/** A host starts the app, perhaps again in the same process. */
export function startWork(): void {
  if (stopping.signal.aborted) stopping = stopController()
  inHand.clear()
}

export const workBegins = (invocationId: string): unknown => inHand.add(invocationId)

export function workEnds(invocationId: string): void {
  inHand.delete(invocationId)
  if (inHand.size === 0) idle()
}

/** Gives the signal; resolves when no invocation runs any more, or when waiting longer is of no use. */
export async function stopWork(): Promise<void> {
  stopping.abort(new Error('this instance is stopping'))
  if (inHand.size === 0) return
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((resolve) => {
    const before = idle
    idle = () => {
      before()
      resolve()
    }
    timer = setTimeout(resolve, graceMs)
  })
  clearTimeout(timer)
}

/**
 * Whoever listens to SIGTERM takes over what Node does by default, the end of the process: given back when the work is
 * over, or at a second SIGTERM, which waits for nothing, unless a host listens too and ends the process itself. What is cut off
 * is as after any death: its leases end within seconds (decision 36).
 */
export function stopOnSigterm(): void {
  let isStopping = false
  const end = (): void => {
    process.off('SIGTERM', stop)
    if (process.listenerCount('SIGTERM') === 0) process.kill(process.pid, 'SIGTERM')
  }
  const stop = (): void => {
    if (isStopping) end()
    else void stopWork().then(end)
    isStopping = true
  }
  process.on('SIGTERM', stop)
}
