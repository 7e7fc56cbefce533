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
import { envelopeOf, type SmtpAbilities, type SmtpEnvelope } from './smtp-envelope.js'
import {
  isReply,
  notSent,
  outcomeUnknown,
  refusal,
  type SmtpLibraryError,
  type SmtpPeer,
  unreadable,
} from './smtp-error.js'

/** Where the mail in flight stands. Only after `dot` can the server have taken it. */
type Phase = 'envelope' | 'body' | 'dot'

/** One logged-in connection. Mails go over it one after the other. */
export class SmtpSession implements SendSession {
  abilities: SmtpAbilities = { maxBytes: 0, utf8: false }
  #sent = 0
  #unclean = false
  /** Rejects when the connection ends or the caller stops; never resolves. */
  readonly #ended: Promise<never>

  constructor(
    private readonly connection: SMTPConnection,
    private readonly peer: SmtpPeer,
    private readonly signal: AbortSignal,
  ) {
    this.#ended = new Promise((_, failed) => {
      connection.on('error', failed)
      connection.once('end', () => failed(Object.assign(new Error('Connection closed'), { code: 'ECONNECTION' })))
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

  async send(mail: OutgoingMail, handingOver: (evidence: Evidence) => Promise<void>): Promise<SendReceipt> {
    if (this.signal.aborted) throw stopped({ outcome: 'not-sent' })
    const envelope = envelopeOf(mail, this.abilities)
    await this.#clean()
    const result = await this.#transfer(envelope, mail.raw, handingOver)
    this.#sent += 1
    return {
      refused: this.#refused((result.rejectedErrors ?? []) as SmtpLibraryError[]),
      reply: redact(hideSecrets(result.response ?? '', this.peer.secrets)),
    }
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
      throw notSent(error, this.peer)
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
    body.once('resume', () => {
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
