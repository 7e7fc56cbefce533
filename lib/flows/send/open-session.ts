/** One session with the mailbox's mail server, opened anew after its share of mails or a doubt about its state. */
import { asGatewayError, type GatewayError } from '../../errors.js'
import type { SendSession } from '../../ports/sender.js'
import { handOverMs } from './lane.js'
import type { SendDependencies } from './send-dependencies.js'
import type { SendRoute } from './send-route.js'

export interface LaneSession {
  /** The session to send the next mail over. */
  get(): Promise<SendSession>
  /** Runs one hand-over; aborts the session when it takes longer than the lease allows. */
  limited<T>(work: () => Promise<T>): Promise<T>
  drop(): Promise<void>
}

export function laneSession(deps: SendDependencies, route: SendRoute): LaneSession {
  let session: SendSession | undefined
  let used = 0
  let stop = new AbortController()

  const open = async (): Promise<SendSession> => {
    stop = new AbortController()
    return limited(() => route.sender.open(route.target, route.authority, stop.signal))
  }
  async function limited<T>(work: () => Promise<T>): Promise<T> {
    const timer = new AbortController()
    const { signal } = timer
    const limit = stop
    deps.clock.sleep(handOverMs, signal).then(
      () => limit.abort(new Error('the hand-over took too long')),
      () => {},
    )
    try {
      return await work()
    } finally {
      timer.abort()
    }
  }
  async function drop(): Promise<void> {
    const closing = session
    session = undefined
    used = 0
    await closing?.close().catch(() => {})
  }
  return {
    limited,
    drop,
    async get() {
      if (session && used >= route.perSession) await drop()
      if (session === undefined) {
        try {
          session = await open()
        } catch (error) {
          // One bad answer disconnects nobody: a refused sign-in is confirmed by a second try (P-08).
          if (asGatewayError(error).class !== 'needs-reconnect') throw error
          session = await open()
        }
      }
      used += 1
      return session
    },
  }
}

/** Nobody can fix a mail when the server itself refuses: everything but a passing fault closes the gate. */
export const closesGate = (error: GatewayError): boolean => error.class !== 'transient'
