/** Mail servers for the sender contract, each with one account that sends and a way to misbehave on order. */
import type { Mailbox } from '../../../lib/model/mailbox.js'
import type { SendTarget } from '../../../lib/model/transports.js'
import type { Authority } from '../../../lib/ports/authority.js'
import type { Sender } from '../../../lib/ports/sender.js'
import { mailScopes } from '../../../lib/providers/microsoft-scopes.js'
import { Secret } from '../../../lib/secret.js'
import { graphSender } from '../../../lib/transports/graph-sender.js'
import { guardedLookup } from '../../../lib/transports/guarded-lookup.js'
import { smtpSender } from '../../../lib/transports/smtp-sender.js'
import { makeCertificates } from '../../../local/emulators/certificate.js'
import { sendAsDenied } from '../../../local/emulators/smtp/refusals.js'
import { startSmtp } from '../../../local/emulators/smtp/start-smtp.js'
import { type Microsoft365, startMicrosoft365 } from '../microsoft/microsoft-365.js'

/** `busy`: asks to come back in 7 s, when the protocol has words for that. All but `not-send-as` pass after one mail. */
export type Misbehaviour = 'busy' | 'not-send-as' | 'lost-before' | 'lost-after'

export interface SenderSubject {
  /** The account's own address. */
  from: string
  sender: Sender
  target: SendTarget
  authority: Authority
  /** Settings of a mailbox at this server; three mails per session where there are sessions. */
  send: (connectionId: string) => Mailbox['send']
  misbehave(how: Misbehaviour): void
  /** Mails that reached this address, as their reader has them, without lines the server put on top. */
  inbox(address: string): Buffer[]
  /** What the connection was granted, where that decides how it sends. */
  scopes?: string[]
  /** One call carries the mail and sends it: whatever breaks it off may have sent it, and nobody can look it up. */
  oneCall?: true
  /** Bytes of the largest mail; absent: as large as attachments make it. */
  largestMail?: number
  /** Everybody in To and Cc gets the mail, whatever the envelope says. */
  headersDecide: boolean
  /** Bytes of a mail that cannot be taken apart. */
  largestWhole: number
  /** An address that nobody has. */
  nobody: string
  /** `at-once`: the server says so in the receipt. `bounce`: it accepts and sends a report later. */
  refusal: 'at-once' | 'bounce'
  /** Seconds the server names when busy. */
  retryAfterMs: number | undefined
  /** Connections with mail so far; absent where the protocol has no sessions. */
  sessions?(): number
  stop(): Promise<void>
}

const password = 'correct-horse'
const token = 'tokenOfAna0123456789'
const ana = 'ana@contoso.example'

export async function smtpSubject(login: 'none' | 'password' | 'token'): Promise<SenderSubject> {
  const certificates = await makeCertificates()
  const tls = { none: 'plain', password: 'starttls', token: 'implicit' } as const
  let dropNext = false
  const server = await startSmtp({
    accounts: () => ({ password }),
    verifyToken: (presented) => (presented === token ? { upn: ana } : undefined),
    mode: tls[login],
    tls: certificates,
    anonymous: login === 'none',
    onMail: () => {
      if (dropNext) server.control.dropConnections()
      dropNext = false
    },
  })
  const smtp = { host: 'localhost', port: server.port, tls: tls[login], messagesPerSession: 3 }
  const logins: Record<typeof login, Authority> = {
    none: { kind: 'anonymous' },
    password: { kind: 'password', user: ana, password: new Secret(password) },
    token: { kind: 'bearer', user: ana, token: async () => new Secret(token) },
  }
  return {
    from: ana,
    sender: smtpSender({ lookup: guardedLookup({ allowLoopback: true }), rootCa: certificates.ca }),
    target: { transport: 'smtp', smtp },
    authority: logins[login],
    send: (connectionId) => ({ transport: 'smtp', connectionId, smtp }),
    misbehave(how) {
      if (how === 'busy') server.control.order('mail-from', { code: 451, text: '4.7.500 Server busy.' })
      if (how === 'not-send-as') server.control.order('data', sendAsDenied(ana), { times: 100 })
      if (how === 'lost-before') server.control.dropConnections()
      if (how === 'lost-after') dropNext = true
    },
    inbox: (address) => server.mails.filter((mail) => mail.to.includes(address)).map((mail) => mail.raw),
    headersDecide: false,
    largestWhole: Number.POSITIVE_INFINITY,
    nobody: 'unknown@example.net',
    refusal: 'at-once',
    retryAfterMs: undefined,
    sessions: () => new Set(server.mails.map((mail) => mail.session.id)).size,
    stop: () => server.stop(),
  }
}

export const graphSubject = async (): Promise<SenderSubject> => graphSubjectIn(await startMicrosoft365())

/** A mailbox of this Microsoft 365, Ana's unless said otherwise, as this Graph shows it. */
export async function graphSubjectIn(world: Microsoft365, graph = world.graph, from = ana): Promise<SenderSubject> {
  const { control } = graph
  const origins = { 'https://graph.microsoft.com': graph.url, 'https://outlook.office.com': graph.url }
  return {
    from,
    sender: graphSender({ origins }),
    target: { transport: 'graph', graph: { mailbox: 'me' } },
    authority: await world.authority(from),
    send: (connectionId) => ({ transport: 'graph', connectionId }),
    misbehave(how) {
      if (how === 'busy') control.fail({ kind: 'draft', status: 429, retryAfter: 7 })
      if (how === 'not-send-as') control.fail({ kind: 'send', status: 403, code: 'ErrorSendAsDenied', times: 'always' })
      if (how === 'lost-before') control.fail({ kind: 'draft', drop: true })
      if (how === 'lost-after') control.fail({ name: 'drop-after-delivered' })
    },
    inbox(address) {
      const user = world.directory.user(address)
      const outside = world.directory.outbound.filter((mail) => mail.to.includes(address)).map((mail) => mail.raw)
      if (user === undefined) return outside.map(asWritten)
      const mailbox = world.directory.mailbox(user)
      return mailbox.in(mailbox.folder('inbox')!).map((mail) => asWritten(mail.raw))
    },
    headersDecide: true,
    largestWhole: 2_200_000,
    nobody: 'nobody@contoso.example',
    refusal: 'bounce',
    retryAfterMs: 7_000,
    stop: () => world.stop(),
  }
}

/** The same for a grant that may send and nothing else. */
export const graphSendOnlySubject = async (): Promise<SenderSubject> => sendOnlySubjectIn(await startMicrosoft365())

export async function sendOnlySubjectIn(world: Microsoft365, graph = world.graph, from = ana): Promise<SenderSubject> {
  const subject = await graphSubjectIn(world, graph, from)
  const scopes = mailScopes({ send: 'graph' }).token('graph')
  return {
    ...subject,
    target: { transport: 'graph', graph: { mailbox: 'me', sendOnly: true } },
    authority: await world.authority(from, false, scopes),
    scopes,
    oneCall: true,
    largestMail: 2_200_000,
    misbehave(how) {
      if (how === 'busy') graph.control.fail({ kind: 'send', status: 429, retryAfter: 7 })
      else if (how === 'lost-before') graph.control.fail({ kind: 'send', drop: true })
      else subject.misbehave(how)
    },
  }
}

/** Without the Received line of the way. */
function asWritten(raw: Buffer): Buffer {
  const line = /^Received: .*\r\n(?:[ \t].*\r\n)*/.exec(raw.toString('latin1'))?.[0] ?? ''
  return raw.subarray(line.length)
}
