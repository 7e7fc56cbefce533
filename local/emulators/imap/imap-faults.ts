/** How the IMAP emulator misbehaves when ordered to (REL-22, SEC-26, SEC-34). */
import type { Wire } from '../wire.js'

export type ImapFaultKind =
  /** Untagged BYE with `text`, then the end. */
  | 'bye'
  /** Tagged NO or BAD with `text`, for example `[THROTTLED] Suggested Backoff Time: 1000 milliseconds`. */
  | 'no'
  | 'bad'
  | 'close'
  | 'reset'
  | 'hang'
  /** A refusal that repeats the client's line, credentials and all. */
  | 'echo'
  /** The same as a BYE, then the end. */
  | 'bye-echo'
  /** Greeting only: `* PREAUTH`. */
  | 'preauth'
  /** STARTTLS only: forged replies in the packet of the OK. */
  | 'injected'
  /** AUTHENTICATE only: challenge after challenge, without end. */
  | 'challenges'
  /** A line without end. */
  | 'endless-line'
  /** `text` as a line of its own, whatever it is, and nothing more: of a server that speaks another protocol. */
  | 'line'
  /** Untagged replies without end. */
  | 'endless-untagged'
  /** Says `text` as an untagged reply before it answers as usual. */
  | 'says'
  /** Announces a literal of 2 GiB and starts to send it. */
  | 'huge-literal'
  /** One byte of an answer each `everyMs`. */
  | 'slow'

export interface ImapFault {
  /**
   * `greeting`, a command (`LOGIN`, `UID FETCH`, …), `FETCH data` (after the first message of a FETCH), `FETCH row`
   * (where the row of a message should come) or `FETCH body` (where its bytes should); with `uid`: of that message.
   */
  at: string
  uid?: number
  fault: ImapFaultKind
  text?: string
  /** How often; default once. */
  times?: number
  /** Matching commands to let pass first. */
  skip?: number
  /** Only for this login. */
  user?: string
  /** For `slow`, default 10,000. */
  everyMs?: number
}

export class ImapFaults {
  #orders: { fault: ImapFault; left: number; skip: number }[] = []
  readonly #timers = new Set<NodeJS.Timeout>()

  order(fault: ImapFault): void {
    this.#orders.push({ fault, left: fault.times ?? 1, skip: fault.skip ?? 0 })
  }

  clear(): void {
    this.#orders = []
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  take(at: string, user: string | undefined, uid?: number): ImapFault | undefined {
    for (const order of this.#orders) {
      const { fault } = order
      if (order.left <= 0 || fault.at.toUpperCase() !== at.toUpperCase()) continue
      if (fault.user !== undefined && fault.user.toLowerCase() !== user) continue
      if (fault.uid !== undefined && fault.uid !== uid) continue
      if (order.skip-- > 0) continue
      order.left -= 1
      return fault
    }
    return undefined
  }

  /** Misbehaves; resolves with whether the session goes on. */
  async commit(fault: ImapFault, wire: Wire, tag: string, line: string): Promise<boolean> {
    switch (fault.fault) {
      case 'no':
        wire.write(`${tag} NO ${fault.text ?? 'Server unavailable'}\r\n`)
        return true
      case 'bad':
        wire.write(`${tag} BAD ${fault.text ?? 'Command received in invalid state'}\r\n`)
        return true
      case 'line':
        wire.write(`${fault.text ?? ''}\r\n`)
        return true
      case 'echo':
        wire.write(`${tag} NO [AUTHENTICATIONFAILED] Rejected: ${line}\r\n`)
        return true
      case 'bye-echo':
        wire.write(`* BYE Rejected: ${line}\r\n`)
        return false
      case 'bye':
        wire.write(`* BYE ${fault.text ?? 'Connection closed by the server'}\r\n`)
        return false
      case 'reset':
        wire.reset()
        return false
      case 'endless-line':
        await flood(wire, '* OK ', 'x'.repeat(65_536))
        return false
      case 'endless-untagged':
        await flood(wire, '', '* OK Still here\r\n'.repeat(1_000))
        return false
      case 'challenges':
        while (!wire.over) {
          wire.write('+ \r\n')
          await wire.line()
        }
        return false
      case 'huge-literal':
        await flood(wire, '* 1 FETCH (UID 1 BODY[] {2147483648}\r\n', 'x'.repeat(65_536))
        return false
      case 'slow':
        await this.#drip(wire, fault.everyMs ?? 10_000)
        return false
      case 'hang':
        await wire.closed()
        return false
      default:
        return false
    }
  }

  async #drip(wire: Wire, everyMs: number): Promise<void> {
    const timer = setInterval(() => wire.write('*'), everyMs)
    this.#timers.add(timer)
    await wire.closed()
    clearInterval(timer)
    this.#timers.delete(timer)
  }
}

async function flood(wire: Wire, first: string, more: string): Promise<void> {
  wire.write(first)
  while (!wire.over && !wire.socket.destroyed) {
    wire.write(more)
    await wire.drained()
    // Lets the event loop notice that the peer has hung up.
    await new Promise((resolve) => setImmediate(resolve))
  }
}
