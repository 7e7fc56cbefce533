/**
 * One guarded IMAP connection. imapflow speaks the protocol; the link bounds what a hostile or broken server can do to
 * us (SEC-34): length of a line, a literal and an answer, bytes beyond the request, time per command and per session.
 * The first violation closes the socket, and every pending operation fails with that reason.
 */
import { ImapFlow, type MailboxObject } from 'imapflow'
import { GatewayError } from '../errors.js'
import type { ImapOptions } from '../model/mailbox.js'
import { inPeerSession } from '../peer-session.js'
import { patientLimit } from '../protocol/patient-limit.js'
import { type CheckedAddress, networkError, stopped, tlsOptions } from './dial.js'
import { serverTooSlow } from './fetch-faults.js'
import {
  greetingError,
  hostileAnswer,
  type ImapLibraryError,
  type ImapPeer,
  imapError,
  preauthRefused,
} from './imap-error.js'
import {
  boundRanges,
  bytesReadBy,
  hearSockets,
  type LoggedLine,
  logInByToken,
  onPreauth,
  skipList,
} from './imap-library.js'

export interface ImapLimits {
  /** Milliseconds to connect, encrypt and log in. */
  connectMs: number
  /** Milliseconds for one command, and of silence. */
  commandMs: number
  /** Milliseconds for a command that brings mail, and longer while bytes arrive. */
  fetchMs: number
  /** Milliseconds for the whole session, and longer while bytes arrive. */
  sessionMs: number
  /** Milliseconds for a command that brings mail, whatever arrives. */
  longestMs: number
  /** Largest mail in bytes that is ever read. */
  maxMailBytes: number
}

export interface ImapLogin {
  user: string
  accessToken?: string
  pass?: string
  /** The application itself. */
  ofApp?: boolean
}

const longestLine = 2 * 1024 * 1024
/** Most mails that the ranges of one session name. */
const mostNamed = 1_000_000
/** Bytes beyond what was asked for: greeting, lists, what other clients do meanwhile. */
const freeBytes = 1024 * 1024
/** Lines a server may say before it has let anybody in. */
const mostLinesBeforeLogin = 200

export interface ImapLinkOptions {
  imap: ImapOptions
  address: CheckedAddress
  login: ImapLogin
  limits: ImapLimits
  signal: AbortSignal
  /** PEM trusted besides the public authorities. */
  rootCa: string | undefined
}

export class ImapLink {
  readonly client: ImapFlow
  /** Bytes that commands under way may still bring. */
  #expected = 0
  /** Bytes read when the latest command that brings some was over. */
  #settled = 0
  #linesBeforeLogin = 0
  /** Of all lines so far, as far as they were read. */
  #lineBytes = 0
  #greeted = false
  #ready = false
  readonly #startedAt = performance.now()
  #named = 0
  #failure: GatewayError | undefined
  #lastRefusal: ImapLibraryError | undefined
  #opened: { folder: string; box: MailboxObject } | undefined
  #fail!: (reason: GatewayError) => void
  readonly #ended: Promise<never>
  readonly #watch: NodeJS.Timeout
  readonly #endSession: () => void
  private readonly limits: ImapLimits
  private readonly signal: AbortSignal
  readonly #peer: { -readonly [K in keyof ImapPeer]: ImapPeer[K] }

  constructor({ imap, address, login, limits, signal, rootCa }: ImapLinkOptions) {
    this.limits = limits
    this.signal = signal
    const { ofApp = false, ...auth } = login
    this.#peer = { host: imap.host, said: '', bye: '', secrets: [login.accessToken ?? login.pass ?? ''], ofApp }
    const { lookup, autoSelectFamily } = address
    this.client = new ImapFlow({
      host: imap.host,
      port: imap.port,
      secure: imap.tls === 'implicit',
      doSTARTTLS: imap.tls === 'starttls',
      tls: { ...tlsOptions(imap, rootCa), ...(lookup ? { lookup, autoSelectFamily } : {}) },
      auth,
      clientInfo: { name: 'Mailbox Gateway' },
      logger: this.#listener(),
      disableAutoIdle: true,
      disableCompression: true,
      disableAutoEnable: true,
      connectionTimeout: limits.connectMs,
      greetingTimeout: limits.connectMs,
      socketTimeout: limits.commandMs,
      maxLineLength: longestLine,
      maxLiteralSize: limits.maxMailBytes,
      maxResponseSize: limits.maxMailBytes + longestLine,
    })
    hearSockets(this.client)
    if (login.accessToken !== undefined) logInByToken(this.client)
    boundRanges(this.client, (many) => {
      this.#named += many
      if (this.#named <= mostNamed) return
      this.#fail(hostileAnswer())
      throw hostileAnswer()
    })
    this.client.on('error', (error: Error) => {
      this.#fail(imapError(error, this.#peer))
    })
    this.#ended = new Promise((_, failed) => {
      this.#fail = (reason) => {
        this.#failure ??= reason
        this.#close()
        failed(this.#failure)
      }
    })
    this.#ended.catch(() => undefined)
    this.#watch = setInterval(() => this.#count(), 50)
    this.#endSession = this.#patient(limits.sessionMs, limits.longestMs + limits.sessionMs, () => this.#late())
    signal.addEventListener('abort', this.#stop, { once: true })
  }

  /** False once the connection is lost or was given up. */
  get usable(): boolean {
    return this.#failure === undefined && this.client.usable
  }

  /** False when the session may end before another mail is there. */
  get hasTimeToFetch(): boolean {
    return this.limits.sessionMs - (performance.now() - this.#startedAt) > this.limits.fetchMs
  }

  async connect(): Promise<void> {
    await this.run(() => {
      const connecting = inPeerSession(this.#uncaught, () => this.client.connect())
      // Without a login nobody knows whose mail this is, nor who answers (SEC-26); imapflow would go on.
      onPreauth(this.client, () => this.#fail(preauthRefused()))
      return connecting
    }, this.limits.connectMs)
    this.#ready = true
  }

  /** `work` within the limits; rejects with a GatewayError. */
  run<T>(work: () => Promise<T>, timeoutMs = this.limits.commandMs): Promise<T> {
    return this.#within(work, () => {
      const timer = setTimeout(() => this.#late(), timeoutMs)
      return () => clearTimeout(timer)
    })
  }

  async #within<T>(work: () => Promise<T>, limit: () => () => void): Promise<T> {
    if (this.#failure) throw this.#failure
    this.#lastRefusal = undefined
    const end = limit()
    try {
      const working = work()
      working.catch(() => undefined)
      return await Promise.race([working, this.#ended])
    } catch (error) {
      this.#peer.said = String(this.client.greeting ?? '').slice(0, 500)
      throw this.#failure ?? imapError(error, this.#peer)
    } finally {
      end()
    }
  }

  /** Like `run`, for a command that brings so many bytes: it goes on as long as they arrive. */
  async bring<T>(work: () => Promise<T>, bytes: number): Promise<T> {
    const { fetchMs, longestMs } = this.limits
    this.#expected += bytes
    try {
      return await this.#within(work, () => this.#patient(fetchMs, longestMs, () => this.#fail(serverTooSlow())))
    } finally {
      this.#expected -= bytes
      this.#settled = this.#bytesRead
    }
  }

  /** Like `run`, for commands whose refusal imapflow reports as `false`. */
  async must<T>(work: () => Promise<T | false | undefined>): Promise<T> {
    const result = await this.run(work)
    if (result !== false && result !== undefined) return result
    throw this.#failure ?? imapError(this.#lastRefusal ?? new Error('refused'), this.#peer)
  }

  /** Selects a folder, unless it is. */
  async open(folder: string): Promise<MailboxObject> {
    // No folder has such a name, and none of these may reach the wire.
    if (/[\x00-\x1f\x7f]/.test(folder) || folder === '') throw badFolder()
    if (this.#opened?.folder === folder) return this.#opened.box
    this.#opened = undefined
    skipList(this.client, folder)
    const box = await this.run(() => this.client.mailboxOpen(folder) as Promise<MailboxObject | undefined>)
    // imapflow opens nothing, and says nothing, once the server has said BYE.
    if (!box) throw this.#failure ?? imapError({ code: 'NoConnection', message: '' }, this.#peer)
    this.#opened = { folder, box }
    return box
  }

  async close(): Promise<void> {
    if (!this.#failure && this.client.usable) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((done) => {
        timer = setTimeout(done, 1000)
      })
      await Promise.race([this.client.logout().catch(() => undefined), late])
      clearTimeout(timer)
    }
    this.#failure ??= stopped()
    this.#close()
  }

  readonly #stop = (): void => this.#fail(stopped())

  /** A fault of the parser over what the server sent. */
  readonly #uncaught = (fault: unknown): void =>
    this.#fail(imapError(fault instanceof Error ? fault : new Error('fault'), this.#peer))

  #close(): void {
    clearInterval(this.#watch)
    this.#endSession()
    this.signal.removeEventListener('abort', this.#stop)
    this.client.close()
  }

  #patient(ms: number, longestMs: number, over: () => void): () => void {
    return patientLimit({ leastMs: ms, silentMs: ms, longestMs, arrived: () => this.bytesOfMail, over })
  }

  #late(): void {
    this.#fail(networkError({ code: 'ETIMEDOUT', message: 'timed out' }, 'net'))
  }

  /** Bytes so far without the lines around them: a server that talks on and on gives no mail. */
  get bytesOfMail(): number {
    return this.#bytesRead - this.#lineBytes
  }

  get #bytesRead(): number {
    return bytesReadBy(this.client)
  }

  #count(): void {
    if (this.#bytesRead > this.#settled + this.#expected + freeBytes) this.#fail(hostileAnswer())
  }

  #heard({ src, msg, payloadBytes }: LoggedLine): void {
    if (src !== 's' || typeof msg !== 'string') return
    this.#lineBytes += payloadBytes ?? msg.length + 2
    if (!this.#greeted) this.#greet(msg)
    if (!this.#ready && ++this.#linesBeforeLogin > mostLinesBeforeLogin) this.#fail(hostileAnswer())
    if (/^\* BYE\b/i.test(msg)) this.#peer.bye = msg.slice(0, 1_000)
  }

  #greet(line: string): void {
    this.#greeted = /^\* (OK|PREAUTH)\b/i.test(line)
    const failure = greetingError(line, this.#peer)
    if (failure) this.#fail(failure)
  }

  /** imapflow tells some refusals only to its logger. */
  #listener() {
    const note = (entry: unknown) => {
      this.#heard(entry as LoggedLine)
      this.#count()
      const refusal = (entry as { err?: ImapLibraryError } | undefined)?.err
      if (!refusal) return
      this.#lastRefusal = refusal
      // imapflow would wait here, for minutes, with the connection open.
      if (refusal.code === 'ETHROTTLE') this.#fail(imapError(refusal, this.#peer))
    }
    const count = (entry: unknown) => {
      this.#heard(entry as LoggedLine)
      this.#count()
    }
    return { trace: count, debug: count, info: count, warn: note, error: note, fatal: note }
  }
}

function badFolder(): GatewayError {
  return new GatewayError('invalid_folder', 'needs-admin', {
    hint: 'config',
    description: 'The folder name contains characters that no folder name can have.',
    remedy: 'Choose the folder again.',
  })
}
