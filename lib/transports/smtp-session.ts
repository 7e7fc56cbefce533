import { once } from 'node:events'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection'
import { hideSecrets } from '../diagnosis/hide-secrets.js'
import { redact } from '../diagnosis/redact.js'
import {
  AllRefusedError,
  type Evidence,
  type OutgoingMail,
  type RefusedRecipient,
  type SendReceipt,
  type SendSession,
} from '../ports/sender.js'
import { stopped } from './dial.js'
import { smtpBody } from './smtp-body.js'
import {
  envelopeOf,
  offeredMime,
  type SmtpAbilities,
  type SmtpEnvelope,
  unreachableBy,
  wireAddress,
} from './smtp-envelope.js'
import {
  isReply,
  notSent,
  outcomeUnknown,
  refusal,
  type SmtpLibraryError,
  type SmtpPeer,
  stageExceeded,
  unreadable,
} from './smtp-error.js'

/** Stage of the mail in flight. Only after `dot` can the server have accepted it. */
type Phase = 'envelope' | 'body' | 'dot'

const isFor = (address: string) => (refused: RefusedRecipient) => refused.address === address

/** Of one step of the dialogue: milliseconds, commands sent, bytes received. */
export interface StageBounds {
  ms: number
  rounds: number
  bytes: number
}

/** What the library has no public name for. */
interface Internals {
  _socket?: { bytesRead: number }
  _sendCommand(line: string, logged?: string): void
  _responseQueue: string[]
  _responseActions: ((reply: string) => void)[]
  _processResponse(): void
}

/**
 * Of a reply whose lines differ in their code the last line, which ends it, is the answer (RFC 5321 4.2.1); the library
 * looks at the first.
 */
function decisive(reply: string): string {
  const last = /(?:^|\n)(\d{3}(?: [^\n]*)?)$/.exec(reply)?.[1]
  return last === undefined || reply.startsWith(last.slice(0, 3)) ? reply : last
}

/** One logged-in connection. Mails go over it one after the other. */
export class SmtpSession implements SendSession {
  abilities: SmtpAbilities = { maxBytes: 0, utf8: false, eightBit: false }
  #sent = 0
  #unclean = false
  #utf8 = false
  #rounds = 0
  #mostRounds = Number.POSITIVE_INFINITY
  #stageOver: (bound: string) => void = () => undefined
  /** Rejects when the connection ends or the caller stops; never resolves. */
  readonly #ended: Promise<never>
  #end: (error: Error) => void = () => undefined

  constructor(
    private readonly connection: SMTPConnection,
    private readonly peer: SmtpPeer,
    private readonly signal: AbortSignal,
  ) {
    this.#watchCommands()
    this.#watchReplies()
    this.#ended = new Promise((_, failed) => {
      this.#end = failed
      connection.on('error', failed)
      // A reply that ends the connection (421) is heard first: it says why.
      connection.once('end', () =>
        setImmediate(() => failed(Object.assign(new Error('Connection closed'), { code: 'ECONNECTION' }))),
      )
      signal.addEventListener('abort', this.#stop, { once: true })
    })
    this.#ended.catch(() => undefined)
  }

  /** Mails handed over on this connection so far (M-031). */
  get sent(): number {
    return this.#sent
  }

  /** `work`, or the end of the connection, whichever comes first. */
  during<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#ended])
  }

  /**
   * One step of the dialogue, bounded in time, rounds and bytes: a server that never comes to its answer is left with
   * `smtp_stage_exceeded` long before the lane of the mailbox has to be given up.
   */
  async stage<T>(name: string, bounds: StageBounds, work: Promise<T>): Promise<T> {
    work.catch(() => undefined)
    const socket = () => (this.connection as unknown as Internals)._socket
    const before = socket()?.bytesRead ?? 0
    const isFlooded = () => (socket()?.bytesRead ?? 0) - before > bounds.bytes
    this.#rounds = 0
    this.#mostRounds = bounds.rounds
    this.#stageOver = (bound) => {
      this.#end(stageExceeded(name, bound))
      this.connection.close()
    }
    const timer = setTimeout(() => this.#stageOver(`${bounds.ms / 1000} s`), bounds.ms)
    const watch = setInterval(() => isFlooded() && this.#stageOver(`${bounds.bytes} bytes`), 100)
    try {
      return await this.during(work)
    } finally {
      clearTimeout(timer)
      clearInterval(watch)
      this.#mostRounds = Number.POSITIVE_INFINITY
    }
  }

  /**
   * The library counts no rounds, and asks for SMTPUTF8 by the envelope alone; headers may need it too (RFC 6531 3.4).
   */
  #watchCommands(): void {
    const internals = this.connection as unknown as Internals
    const send = internals._sendCommand.bind(internals)
    internals._sendCommand = (line, logged) => {
      this.#rounds += 1
      if (this.#rounds > this.#mostRounds) return this.#stageOver(`${this.#mostRounds} rounds`)
      const asks = this.#utf8 && line.startsWith('MAIL FROM:') && !line.includes(' SMTPUTF8')
      return send(asks ? `${line} SMTPUTF8` : line, logged)
    }
  }

  #watchReplies(): void {
    const internals = this.connection as unknown as Internals
    const process = internals._processResponse.bind(internals)
    internals._processResponse = () => {
      const [reply] = internals._responseQueue
      if (reply !== undefined) internals._responseQueue[0] = decisive(String(reply))
      return process()
    }
  }

  async send(mail: OutgoingMail, handingOver: (evidence: Evidence) => Promise<void>): Promise<SendReceipt> {
    if (this.signal.aborted) throw stopped({ outcome: 'not-sent' })
    // What is too large or goes nowhere is not worth a look at its parts.
    const unreachable = unreachableBy(mail, this.abilities)
    const reachable = { ...mail, recipients: mail.recipients.filter((one) => !unreachable.some(isFor(one))) }
    envelopeOf(reachable, this.abilities)
    const { raw, utf8 } = offeredMime(reachable, this.abilities)
    const envelope = envelopeOf({ ...reachable, raw }, this.abilities)
    await this.#clean()
    this.#utf8 = utf8
    const result = await this.#transfer(envelope, raw, handingOver).catch((error: unknown) => {
      throw error instanceof AllRefusedError ? new AllRefusedError(error, [...unreachable, ...error.refused]) : error
    })
    this.#sent += 1
    return {
      refused: [...unreachable, ...this.#refused((result.rejectedErrors ?? []) as SmtpLibraryError[])],
      reply: redact(hideSecrets(result.response ?? '', this.peer.secrets)),
    }
  }

  /** MAIL FROM and RSET: rejects with what the server says against this sender, and sends nothing. */
  async trySender(from: string, bounds: StageBounds): Promise<undefined> {
    const internals = this.connection as unknown as Internals
    const reply = new Promise<string>((done) => {
      internals._responseActions.push(done)
      internals._sendCommand(`MAIL FROM:<${wireAddress(from, 'from', this.abilities.utf8)}>`)
    })
    const said = await this.stage('MAIL', bounds, reply).catch((error: unknown) => {
      throw notSent(error, this.peer)
    })
    if (!isReply(said)) throw unreadable({ outcome: 'not-sent' })
    if (!said.startsWith('2')) throw refusal(said, this.peer, { outcome: 'not-sent' })
    this.#unclean = true
    await this.#clean()
    return undefined
  }

  async close(): Promise<void> {
    if (this.connection.destroyed) return this.destroy()
    const ended = once(this.connection, 'end', { signal: AbortSignal.timeout(1000) })
    this.connection.quit()
    await ended.catch(() => undefined)
    this.destroy()
  }

  destroy(): void {
    this.signal.removeEventListener('abort', this.#stop)
    this.connection.close()
  }

  readonly #stop = (): void => this.connection.close()

  /** A refused mail leaves its sender at the server; the next one begins with RSET. */
  async #clean(): Promise<void> {
    if (!this.#unclean) return
    this.#unclean = false
    const reset = new Promise<void>((done, failed) => {
      this.connection.reset((error?: Error | null) => (error ? failed(error) : done()))
    })
    try {
      await this.during(reset)
    } catch (error) {
      this.destroy()
      // Whatever it answers to RSET (RFC 5321 4.1.1.5: 250) says nothing about the mail that waits.
      const fault = notSent(error, this.peer)
      const { peerLine } = fault
      throw fault.class === 'transient' ? fault : unreadable({ outcome: 'not-sent', ...(peerLine ? { peerLine } : {}) })
    }
  }

  async #transfer(
    envelope: SmtpEnvelope,
    raw: Uint8Array,
    handingOver: (evidence: Evidence) => Promise<void>,
  ): Promise<SMTPConnectionSendInfo> {
    const flight: { phase: Phase; over: boolean; handing?: Promise<void> } = { phase: 'envelope', over: false }
    const body = smtpBody(raw, async () => {
      flight.phase = 'body'
      flight.handing = handingOver({})
      await flight.handing
      if (flight.over || this.signal.aborted || this.connection.destroyed) return false
      flight.phase = 'dot'
      return true
    })
    const envelopeMs = Math.min(30_000 + envelope.to.length * 250, 100_000)
    const patience = setTimeout(() => {
      this.#end(stageExceeded('MAIL, RCPT, DATA', `${envelopeMs / 1000} s`))
    }, envelopeMs)
    body.once('resume', () => {
      clearTimeout(patience)
      if (flight.phase === 'envelope') flight.phase = 'body'
    })
    const sent = new Promise<SMTPConnectionSendInfo>((done, failed) => {
      this.connection.send(envelope, body, (error, info) =>
        error ? failed(error) : done(info as SMTPConnectionSendInfo),
      )
    })
    sent.catch(() => undefined)
    try {
      const result = await this.during(sent)
      if (flight.phase !== 'dot') throw unreadable({ outcome: 'not-sent' })
      if (!isReply(result.response)) throw Object.assign(new Error('No reply'), { code: 'EPROTOCOL' })
      return result
    } catch (error) {
      flight.over = true
      throw await this.#failed(error as SmtpLibraryError, flight)
    } finally {
      clearTimeout(patience)
      body.destroy()
    }
  }

  async #failed(error: SmtpLibraryError, flight: { phase: Phase; handing?: Promise<void> }): Promise<unknown> {
    // The journal's write must have ended before the caller writes again.
    const journal = await flight.handing?.then(
      () => undefined,
      (reason: unknown) => ({ reason }),
    )
    if (flight.phase !== 'envelope' && !(flight.phase === 'dot' && isReply(error.response))) this.destroy()
    else this.#unclean = true
    if (journal) return journal.reason
    if (flight.phase === 'dot') {
      return isReply(error.response) && /^[45]/.test(error.response)
        ? refusal(error.response, this.peer, { outcome: 'not-sent' })
        : outcomeUnknown(error)
    }
    if (this.signal.aborted) return stopped({ outcome: 'not-sent' })
    if (error.rejectedErrors?.length) return this.#allRefused(error.rejectedErrors)
    return notSent(error, this.peer)
  }

  #refused(errors: SmtpLibraryError[]): RefusedRecipient[] {
    return errors.map(({ recipient = '', response = '' }) => {
      const reason = isReply(response) ? refusal(response, this.peer) : unreadable({})
      return {
        address: recipient,
        transient: reason.class === 'transient',
        code: reason.code,
        remedy: reason.remedy,
        reply: reason.peerLine ?? '',
      }
    })
  }

  #allRefused(errors: SmtpLibraryError[]): AllRefusedError {
    const reasons = errors.map(({ response = '' }) =>
      isReply(response) ? refusal(response, this.peer) : unreadable({}),
    )
    const reason = reasons.find((one) => one.class === 'transient') ?? reasons[0]!
    return new AllRefusedError(reason, this.#refused(errors))
  }
}
