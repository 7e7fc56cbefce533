/**
 * An SMTP submission server: checks logins, refuses what a real service refuses, keeps or passes on what it accepts.
 *
 * The protocol is `smtp-server`'s. This adds the replies of Exchange Online (login, send-as, throttling) and addresses
 * that misbehave (`refusals.ts`), so that a demo can show every kind of refusal by choosing an address.
 */
import type { SMTPServerAuthentication, SMTPServerSession } from 'smtp-server'
import { type AccountOptions, mayLogIn, mechanismsOf } from '../accounts.js'
import type { ServerCertificate } from '../certificate.js'
import type { SubmissionMeter } from '../submission-limits.js'
import { PromptServer } from './prompt-server.js'
import { badCredentials, mailboxShut, overLimit, Refusals, type SmtpReply, sendAsDenied } from './refusals.js'

export interface SmtpOptions extends AccountOptions {
  mode: 'starttls' | 'implicit' | 'plain'
  /** Required unless mode is `plain`. */
  tls?: ServerCertificate
  /** Greets like that server. */
  dialect?: 'exchange'
  /** Accept mail without a login. Default false. */
  anonymous?: boolean
  /** Refuse senders other than the account and its `sendAs`. Default true. */
  enforceSender?: boolean
  /** What each account may submit; absent: no limits. */
  meter?: SubmissionMeter
  /** Largest mail in bytes; default 35 MiB, what Exchange Online grants a mailbox by default. */
  maxBytes?: number
  /** Extensions it does not offer; default none. Bytes it did not offer to take are refused, as strict servers do. */
  lacks?: readonly SmtpExtension[]
  /** Called before the mail is acknowledged; a rejection becomes `451 4.3.0`. */
  onMail?: (envelope: SmtpEnvelope, raw: Buffer, session: SmtpSession) => Promise<void> | void
  /** Keep accepted mails in `mails`; default true. */
  keep?: boolean
  port?: number
}

export type SmtpExtension = '8BITMIME' | 'SMTPUTF8' | 'SIZE' | 'PIPELINING'

export interface SmtpEnvelope {
  from: string
  to: string[]
}

export interface SmtpSession {
  id: string
  user: string | undefined
  method: string | undefined
  secure: boolean
}

export interface ReceivedMail extends SmtpEnvelope {
  raw: Buffer
  session: SmtpSession
}

export interface SmtpEmulator {
  host: '127.0.0.1'
  port: number
  mails: ReceivedMail[]
  /** Connections accepted so far. */
  readonly connections: number
  /** Logins attempted so far, refused ones included. */
  readonly logins: number
  control: Refusals & { dropConnections(): void }
  stop(): Promise<void>
}

interface SessionUser {
  name: string
  method: string
  shut: boolean
}

export async function startSmtp(options: SmtpOptions): Promise<SmtpEmulator> {
  if (options.mode !== 'plain' && !options.tls) throw new Error(`SMTP mode ${options.mode} needs a certificate`)
  const refusals = new Refusals()
  const mails: ReceivedMail[] = []
  let logins = 0
  const server = new PromptServer({
    ...options.tls,
    minVersion: 'TLSv1.2',
    name: 'smtp.local.example',
    banner:
      options.dialect === 'exchange' ? 'Microsoft ESMTP MAIL Service ready' : 'Mailbox Gateway local mail service',
    secure: options.mode === 'implicit',
    hideSTARTTLS: options.mode === 'plain',
    disabledCommands: options.mode === 'plain' ? ['STARTTLS'] : [],
    allowInsecureAuth: options.mode === 'plain',
    authMethods: ['PLAIN', 'LOGIN', ...mechanismsOf(options)],
    authOptional: options.anonymous ?? false,
    authRequiredMessage: '5.7.57 Client not authenticated to send mail.',
    disableReverseLookup: true,
    rejectOversized: true,
    ...lacking(options.lacks ?? []),
    size: options.maxBytes ?? 35 * 1024 * 1024,
    logger: false,
    closeTimeout: 50,
    onConnect: (session, done) => done(refused(refusals.of('connect', session.remoteAddress))),
    onAuth: (auth, _session, done) => {
      logins += 1
      void login(options, refusals, auth).then(
        (user) => {
          // The library tells a refused token by a challenge when it is given one, and then no reply of ours.
          if ('code' in user && options.tokenRefusal && auth.accessToken)
            return done(null, { data: options.tokenRefusal } as never)
          if ('code' in user) return done(refused(user))
          if (options.meter?.enter(user.name) === false) return done(refused(overLimit.connections))
          done(null, { user })
        },
        (error: Error) => done(error),
      )
    },
    onClose: ({ user }) => {
      if (user !== undefined) options.meter?.leave((user as unknown as SessionUser).name)
    },
    onMailFrom: (address, _session, done) => done(refused(refusals.of('mail-from', address.address))),
    onRcptTo: (address, session, done) => done(refused(refusals.of('rcpt-to', address.address, fromOf(session)))),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (stream.sizeExceeded) return done()
        void accept(session, Buffer.concat(chunks)).then(
          (reply) => (reply ? done(refused(reply)) : done(null, `Queued mail for delivery as ${session.id}`)),
          (error: Error) => done(refused({ code: 451, text: `4.3.0 ${error.message}` })),
        )
      })
    },
  })

  async function accept(session: SMTPServerSession, raw: Buffer): Promise<SmtpReply | undefined> {
    const from = fromOf(session)
    const user = session.user as SessionUser | undefined
    if (user?.shut) return mailboxShut
    const refusal = refusals.of('data', from) ?? senderRefusal(options, user, from) ?? notOffered(session, raw)
    if (refusal) return refusal
    const over = options.meter?.over(user?.name ?? from, session.envelope.rcptTo.length)
    if (over) return overLimit[over]
    const envelope = { from, to: session.envelope.rcptTo.map((recipient) => recipient.address) }
    const seen = { id: session.id, user: user?.name, method: user?.method, secure: session.secure }
    await options.onMail?.(envelope, raw, seen)
    if (options.keep ?? true) mails.push({ ...envelope, raw, session: seen })
    return undefined
  }

  const dropConnections = () => {
    for (const connection of server.connections) connection._socket.destroy()
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  server.on('error', () => undefined)
  return {
    host: '127.0.0.1',
    port: (server.server.address() as { port: number }).port,
    mails,
    get connections() {
      return server.accepted
    },
    get logins() {
      return logins
    },
    control: Object.assign(refusals, { dropConnections }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        dropConnections()
      }),
  }
}

async function login(
  options: SmtpOptions,
  refusals: Refusals,
  auth: SMTPServerAuthentication,
): Promise<SessionUser | SmtpReply> {
  const name = auth.username ?? ''
  const refusal = refusals.of('auth', name)
  if (refusal) return refusal
  const credentials =
    auth.accessToken !== undefined
      ? { user: name, token: auth.accessToken ?? '' }
      : { user: name, password: auth.password ?? '' }
  const access = await mayLogIn(options, credentials)
  if (access === 'unknown') return badCredentials
  return { name, method: auth.method, shut: access === 'no-mailbox' }
}

function senderRefusal(options: SmtpOptions, user: SessionUser | undefined, from: string): SmtpReply | undefined {
  if (!user || options.enforceSender === false) return undefined
  const own = [user.name, ...(options.accounts(user.name)?.sendAs ?? [])].map((address) => address.toLowerCase())
  return own.includes(from.toLowerCase()) ? undefined : sendAsDenied(user.name)
}

const lacking = (lacks: readonly SmtpExtension[]) => ({
  hide8BITMIME: lacks.includes('8BITMIME'),
  hideSMTPUTF8: lacks.includes('SMTPUTF8'),
  hideSize: lacks.includes('SIZE'),
  hidePIPELINING: lacks.includes('PIPELINING'),
})

/** RFC 5321 4.5.3.1.6, RFC 6152 3, RFC 6531 3.4: what the client did not announce, it must not send. */
function notOffered(session: SMTPServerSession, raw: Buffer): SmtpReply | undefined {
  const { bodyType, smtpUtf8 } = session.envelope as { bodyType?: string; smtpUtf8?: boolean }
  const text = raw.toString('latin1')
  if (/(?:^|\n)[^\n]{1000}/.test(text)) return { code: 554, text: '5.6.0 A line has more than 998 octets.' }
  if (/\r(?!\n)|(?<!\r)\n/.test(text)) return { code: 554, text: '5.6.0 Bare CR or LF.' }
  const head = text.slice(0, Math.max(text.indexOf('\r\n\r\n'), 0))
  if (!smtpUtf8 && /[^\0-\x7f]/.test(head)) return { code: 554, text: '5.6.7 Headers in UTF-8 need SMTPUTF8.' }
  if (bodyType !== '8bitmime' && /[^\0-\x7f]/.test(text))
    return { code: 554, text: '5.6.1 8-bit content needs BODY=8BITMIME.' }
  return undefined
}

function fromOf(session: SMTPServerSession): string {
  return session.envelope.mailFrom ? session.envelope.mailFrom.address : ''
}

function refused(reply: SmtpReply | undefined): Error | null {
  return reply ? Object.assign(new Error(reply.text), { responseCode: reply.code }) : null
}
