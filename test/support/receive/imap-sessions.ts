/** Sessions of the IMAP receiver at emulated servers of any fashion. */
import type { Authority } from '../../../lib/ports/authority.js'
import type { FetchedMail, FetchLimits, ReceiveSession } from '../../../lib/ports/receiver.js'
import { Secret } from '../../../lib/secret.js'
import { guardedLookup } from '../../../lib/transports/guarded-lookup.js'
import { type ImapReceiverOptions, imapReceiver } from '../../../lib/transports/imap-receiver.js'
import { makeCertificates } from '../../../local/emulators/certificate.js'
import type { ImapOptions as ServerOptions } from '../../../local/emulators/imap/imap-state.js'
import { startImap } from '../../../local/emulators/imap/start-imap.js'
import { stopsAfterEach } from '../general/stops-after-each.js'

const stops: (() => Promise<unknown>)[] = []
const certificates = await makeCertificates()

export const user = 'ana@contoso.example'
export const password = 'canary-Pass-4711'
export const token = 'canaryToken0123456789abcdefGHIJ'
export const byPassword: Authority = { kind: 'password', user, password: new Secret(password) }
export const limits: FetchLimits = { maxMails: 1000, maxBytes: 10_000_000, since: 0 }
export const rawOf = (n: number, body = 'Hello') =>
  `Message-ID: <m${n}@x.example>\r\nSubject: Mail ${n}\r\n\r\n${body}\r\n`

export async function emulated(options: Partial<ServerOptions> = {}) {
  const server = await startImap({
    accounts: () => ({ password }),
    verifyToken: (presented) => (presented === token ? { upn: user } : undefined),
    mode: 'plain',
    tls: certificates,
    ...options,
  })
  stops.push(server.stop)
  return server
}

export const receiver = (options: Partial<ImapReceiverOptions> = {}) =>
  imapReceiver({ lookup: guardedLookup({ allowLoopback: true }), rootCa: certificates.ca, ...options })

type Mode = 'implicit' | 'starttls' | 'plain'
export const target = (port: number, tls: Mode = 'plain', folder = 'INBOX') =>
  ({ transport: 'imap', imap: { host: 'localhost', port, tls, folder } }) as const
export const never = () => new AbortController().signal

export const open = async (port: number, authority: Authority = byPassword, mode: Mode = 'plain') => {
  const session = await receiver().open(target(port, mode), authority, never())
  stops.unshift(() => session.close())
  return session
}

export async function collect(session: ReceiveSession, cursor?: string, change: Partial<FetchLimits> = {}) {
  const mails: (FetchedMail & { text: string })[] = []
  for await (const mail of session.fetch(cursor, { ...limits, ...change })) {
    mails.push({ ...mail, text: Buffer.from(await mail.raw()).toString() })
  }
  return mails
}

export const subjects = (mails: { text: string }[]) => mails.map(({ text }) => text.match(/Subject: (.*)\r/)?.[1])

/** Stops after each test what it started. */
export function useImapServers(): void {
  stopsAfterEach(stops)
}
