/**
 * Sends mail by SMTP submission. A session dials the server through the guarded lookup, encrypts as the mailbox's
 * settings demand without ever falling back, logs in, and then hands mails over one by one. nodemailer's lower-level
 * connection speaks the protocol. Whether the server may have accepted a mail, which nodemailer cannot tell, is known
 * here, because the final dot is sent only after `handingOver` has been awaited. If the server refuses an access token,
 * the sender refreshes it once, on a new connection.
 */
import type { LookupFunction } from 'node:net'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SmtpOptions } from '../model/mailbox.js'
import type { Authority } from '../ports/authority.js'
import type { Sender, SendSession } from '../ports/sender.js'
import { dial, stopped, tlsOptions, tokenNeedsTls } from './dial.js'
import { readAbilities } from './smtp-envelope.js'
import { notSent, type SmtpLibraryError, type SmtpPeer } from './smtp-error.js'
import { login } from './smtp-login.js'
import { SmtpSession } from './smtp-session.js'

export interface SmtpSenderOptions {
  /** A `dns.lookup` that refuses forbidden addresses (`guardedLookup`). */
  lookup: LookupFunction
  /** Which ports may be dialled; absent: any. */
  allowPort?: (port: number) => boolean
  /** Off this machine, which addresses may be talked to without encryption; absent: none. */
  allowPlain?: (ip: string) => boolean
  /**
   * Milliseconds: to connect and encrypt (default 15,000); of silence until a session is given up (default 90,000); for
   * all until the mail can begin, once up to EHLO and once for the login (default 25,000 each).
   */
  timeoutsMs?: { connect?: number; reply?: number; stage?: number }
  /** PEM trusted besides the public authorities, for every server. */
  rootCa?: string
  /** Name shown in EHLO; default the machine's, when it is a full name. */
  clientName?: string
}

interface SessionOptions extends SmtpSenderOptions {
  signal: AbortSignal
}

/** A sender whose sessions count what they handed over. */
export interface SmtpSender extends Sender {
  open(...parameters: Parameters<Sender['open']>): Promise<SmtpSession>
}

export function smtpSender(options: SmtpSenderOptions): SmtpSender {
  return {
    async open(target, authority, signal) {
      if (target.transport !== 'smtp') throw new TypeError('This sender speaks SMTP only')
      const { smtp } = target
      if (authority.kind === 'bearer' && smtp.tls === 'plain') throw tokenNeedsTls()
      if (authority.kind === 'anonymous') return openRelay(authority.from, smtp, { ...options, signal })
      return openAs(authority, smtp, { ...options, signal })
    },
  }
}

/** Whatever login it offers: no AUTH is sent, and whether it takes mail without one shows with a sender. */
async function openRelay(
  from: string | undefined,
  smtp: SmtpOptions,
  options: SessionOptions,
): Promise<SmtpSession & Pick<SendSession, 'check'>> {
  const { session } = await connect(smtp, options)
  if (from === undefined) return session
  return Object.assign(session, { check: () => session.trySender(from, boundsOf(options)) })
}

async function openAs(
  authority: Exclude<Authority, { kind: 'anonymous' }>,
  smtp: SmtpOptions,
  options: SessionOptions,
): Promise<SmtpSession> {
  for (let renew = false; ; renew = true) {
    const secret = authority.kind === 'bearer' ? await authority.token({ renew }) : authority.password
    const { connection, session, peer } = await connect(smtp, options)
    peer.secrets.push(secret.reveal())
    peer.ofApp = authority.kind === 'bearer' && authority.ofApp === true
    try {
      await session.stage(
        'AUTH',
        boundsOf(options),
        login(connection, { kind: authority.kind, user: authority.user, secret, server: smtp }),
      )
      return session
    } catch (error) {
      session.destroy()
      const refused = notSent(error, peer)
      const staleToken = refused.class === 'needs-reconnect' || refused.hint === 'verify'
      if (authority.kind !== 'bearer' || renew || !staleToken) throw refused
    }
  }
}

/** No server needs more for a greeting or a login; an answer has at most 64 KiB. */
const boundsOf = ({ timeoutsMs }: SmtpSenderOptions) => ({
  ms: timeoutsMs?.stage ?? 25_000,
  rounds: 8,
  bytes: 262_144,
})

interface Connected {
  connection: SMTPConnection
  session: SmtpSession
  peer: SmtpPeer & { secrets: string[] }
}

async function connect(smtp: SmtpOptions, options: SessionOptions): Promise<Connected> {
  const { connect: connectMs = 15_000, reply: replyMs = 90_000 } = options.timeoutsMs ?? {}
  const started = performance.now()
  const { lookup, allowPort, allowPlain, rootCa, clientName, signal } = options
  const socket = await dial(smtp, { lookup, allowPort, allowPlain, timeoutMs: connectMs, rootCa, signal })
  const peer = { host: smtp.host, said: '', secrets: [] as string[], ofApp: false }
  // Paused until nodemailer listens, so that the greeting is not lost.
  socket.pause()
  socket.once('data', (chunk: Buffer) => {
    peer.said += `${chunk.toString('latin1', 0, 500)}\n`
  })
  const connection = new SMTPConnection({
    host: smtp.host,
    port: smtp.port,
    connection: socket,
    secured: smtp.tls === 'implicit',
    secure: smtp.tls === 'implicit',
    requireTLS: smtp.tls === 'starttls',
    ignoreTLS: smtp.tls === 'plain',
    tls: tlsOptions(smtp, rootCa),
    connectionTimeout: Math.max(connectMs - (performance.now() - started), 1000),
    greetingTimeout: connectMs,
    socketTimeout: replyMs,
    // A connection given up in the middle of a mail must not flush what is left of it.
    socketCloseTimeout: 0,
    maxResponseSize: 65_536,
    logger: false,
    ...(clientName === undefined ? {} : { name: clientName }),
  })
  const session = new SmtpSession(connection, peer, signal)
  try {
    await session.stage(
      'greeting, EHLO, STARTTLS',
      boundsOf(options),
      new Promise<void>((done, failed) => {
        connection.connect((error?: Error | null) => (error ? failed(error) : done()))
      }),
    )
  } catch (error) {
    session.destroy()
    throw notSent(error as SmtpLibraryError, peer)
  }
  const ehlo = String(connection.lastServerResponse || '')
  peer.said += ehlo.slice(0, 2000)
  session.abilities = readAbilities(ehlo)
  if (signal.aborted) {
    session.destroy()
    throw stopped()
  }
  return { connection, session, peer }
}
