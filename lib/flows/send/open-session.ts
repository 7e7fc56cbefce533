/** One session with the mailbox's mail server, opened anew after its share of mails or a doubt about its state. */
import { asGatewayError, type GatewayError } from '../../errors.js'
import type { SendSession } from '../../ports/sender.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { handOverMs } from '../../rows/lane.js'
import type { SendRoute } from './send-route.js'

/** Given with every end of a watch: without a reason the platform makes an exception with a stack. */
const over = new Error('the session is over')

export interface LaneSession {
  /** The session to send the next mail over. */
  get(): Promise<SendSession>
  /** Runs one hand-over; aborts the session when it takes longer than the lease allows. */
  limited<T>(work: () => Promise<T>): Promise<T>
  drop(): Promise<void>
  /** Breaks off whatever is under way, the opening too. */
  abort(): void
}

export function laneSession(deps: Toolbox, route: SendRoute): LaneSession {
  let session: SendSession | undefined
  let used = 0
  let stop = new AbortController()
  let running: { since: number } | undefined
  let watch: AbortController | undefined

  const open = async (): Promise<SendSession> => {
    stop = new AbortController()
    return limited(() => route.sender.open(route.target, route.authority, stop.signal))
  }
  async function limited<T>(work: () => Promise<T>): Promise<T> {
    running = { since: deps.clock.now() }
    watch ??= startWatch()
    try {
      return await work()
    } finally {
      running = undefined
    }
  }
  /** One sleeper for the whole session: a timer and a signal per mail cost more than composing its headers. */
  function startWatch(): AbortController {
    const watching = new AbortController()
    const look = async (): Promise<void> => {
      for (;;) {
        const seen = running
        const now = deps.clock.now()
        await deps.clock.sleep(Math.max((seen?.since ?? now) + handOverMs - now, 0), watching.signal)
        if (seen !== undefined && seen === running) break
      }
      watch = undefined
      stop.abort(new Error('the hand-over took too long'))
    }
    look().catch(() => {})
    return watching
  }
  async function drop(): Promise<void> {
    const closing = session
    session = undefined
    used = 0
    watch?.abort(over)
    watch = undefined
    await closing?.close().catch(() => {})
  }
  return {
    limited,
    drop,
    abort: () => stop.abort(new Error('this instance is stopping')),
    async get() {
      if (session && used >= route.perSession) await drop()
      if (session === undefined) {
        try {
          session = await open()
        } catch (error) {
          // One bad answer disconnects nobody: a refused sign-in is confirmed by a second try (P-08).
          if (asGatewayError(error).class !== 'needs-reconnect' || deps.stopping.aborted) throw error
          session = await open()
        }
      }
      used += 1
      return session
    },
  }
}

/** Nobody can fix a mail when the server itself refuses: everything but a temporary fault closes the gate. */
export const closesGate = (error: GatewayError): boolean => error.class !== 'transient'
