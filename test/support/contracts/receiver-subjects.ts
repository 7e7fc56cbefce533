/** Mail servers for the receiver contract: each gives new, empty mailboxes and the hands to change them from outside. */
import { createServer } from 'node:http'
import { ImapFlow } from 'imapflow'
import type { Mailbox } from '../../../lib/model/mailbox.js'
import type { Authority } from '../../../lib/ports/authority.js'
import type { Receiver } from '../../../lib/ports/receiver.js'
import { Secret } from '../../../lib/secret.js'
import { graphReceiver } from '../../../lib/transports/graph-receiver.js'
import { guardedLookup } from '../../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../../lib/transports/imap-receiver.js'
import { makeCertificates } from '../../../local/emulators/certificate.js'
import { headerOf } from '../../../local/emulators/graph/mime.js'
import type { Graph } from '../../../local/emulators/graph/start-graph.js'
import { type ImapEmulator, startImap } from '../../../local/emulators/imap/start-imap.js'
import { startDovecot } from '../mail-servers/dovecot.js'
import { type Microsoft365, startMicrosoft365 } from '../microsoft/microsoft-365.js'

type ImapSettings = Extract<Mailbox['receive'], { transport: 'imap' }>
type GraphSettings = Extract<Mailbox['receive'], { transport: 'graph' }>

/** One mailbox at a server, as its owner and its other programs see it. */
export interface ReceiverSubject {
  address: string
  receiver: Receiver
  authority: Authority
  receive: Omit<ImapSettings, 'connectionId' | 'after'> | Omit<GraphSettings, 'connectionId' | 'after'>
  deliver(raw: Buffer | string, receivedAt?: number): Promise<void>
  /** Deletes the mail with this subject from the inbox for good. */
  remove(subject: string): Promise<void>
  /** Subjects of a folder (`INBOX`, `Archive`), those of read mail with `(read)` behind; sorted. */
  folder(name: string): Promise<string[]>
  /** From now on no cursor given so far is valid. The mail stays. */
  loseIds(): Promise<void>
  /** The bytes of the mail with this subject come at this pace; `quick` has a second for what has 30 in production. */
  slow?: { quick: Receiver; pace(subject: string, bytesPerSecond: number): Promise<void> }
}

export interface ReceiverWorld {
  newMailbox(): Promise<ReceiverSubject>
  stop(): Promise<void>
}

export interface DovecotWorld extends ReceiverWorld {
  /** Implicit TLS. */
  imapsPort: number
  ca: string
  /** UIDs counted from 1 again, or from another one, under the same UIDVALIDITY. */
  rewindUids(address: string, first?: number): Promise<void>
  /** A copy of the mailbox as it is; call the result to restore it. */
  backUp(address: string): Promise<() => Promise<void>>
}

export const password = 'correct-horse'
const tokenOf = (user: string): string => `token-of-${user}`
const userOf = (token: string): string | undefined => /^token-of-(.+)$/.exec(token)?.[1]
const shown = (subject: string, read: boolean): string => (read ? `${subject} (read)` : subject)
const authorityOf = (login: 'password' | 'token', user: string): Authority =>
  login === 'password'
    ? { kind: 'password', user, password: new Secret(password) }
    : { kind: 'bearer', user, token: async () => new Secret(tokenOf(user)) }

/** Longer than in production: what the contract is about must not depend on how busy the machine is. */
const timeoutsMs = { connect: 60_000, command: 60_000, session: 240_000 }

let count = 0
const newAddress = (): string => `box${++count}@contoso.example`

export async function imapEmulatorWorld(
  login: 'password' | 'token',
  tls: 'implicit' | 'starttls',
  dialect: 'google' | 'exchange' = 'google',
): Promise<ReceiverWorld> {
  const certificates = await makeCertificates()
  const server = await startImap({
    accounts: () => ({ password }),
    verifyToken: (token) => ({ upn: userOf(token) ?? '' }),
    mode: tls,
    tls: certificates,
    dialect,
  })
  return {
    newMailbox: async () => imapMailbox(server, { login, tls, ca: certificates.ca }),
    stop: () => server.stop(),
  }
}

/** A new, empty mailbox at an IMAP emulator that takes its login. */
export function imapMailbox(
  server: ImapEmulator,
  { login, tls, ca }: { login: 'password' | 'token'; tls: ImapSettings['imap']['tls']; ca?: string },
) {
  const options = { lookup: guardedLookup({ allowLoopback: true }), ...(ca === undefined ? {} : { rootCa: ca }) }
  const address = newAddress()
  const messages = (name: string) => server.store.folder(address, name)!.messages
  const uidOf = (subject: string) => messages('INBOX').find(({ raw }) => headerOf(raw, 'subject') === subject)?.uid ?? 0
  return {
    address,
    receiver: imapReceiver({ ...options, timeoutsMs }),
    authority: authorityOf(login, address),
    receive: { transport: 'imap', imap: { host: 'localhost', port: server.port, tls, folder: 'INBOX' } },
    async deliver(raw, receivedAt = Date.now()) {
      server.deliver(address, raw, 'INBOX', { internalDate: receivedAt })
    },
    async remove(subject) {
      const gone = messages('INBOX').filter(({ raw }) => headerOf(raw, 'subject') === subject)
      server.store.remove(address, server.store.folder(address, 'INBOX')!, gone)
    },
    folder: async (name) =>
      messages(name)
        .map(({ raw, flags }) => shown(headerOf(raw, 'subject') ?? '', flags.includes('\\Seen')))
        .sort(),
    loseIds: async () => server.control.flipUidValidity(address),
    uidOf,
    slow: {
      quick: imapReceiver({ ...options, timeoutsMs: { ...timeoutsMs, command: 1_000, session: 4_000 } }),
      async pace(subject, bytesPerSecond) {
        server.control.lies.order({ lie: 'pace', bytesPerSecond, user: address, uid: uidOf(subject) })
      },
    },
  } satisfies ReceiverSubject & { uidOf(subject: string): number }
}

export async function dovecotWorld(login: 'password' | 'token', tls: 'implicit' | 'starttls'): Promise<DovecotWorld> {
  const certificates = await makeCertificates()
  const introspection = await startIntrospection()
  const addresses = Array.from({ length: 80 }, newAddress)
  const server = await startDovecot({
    users: Object.fromEntries(addresses.map((address) => [address, password])),
    tls: certificates,
    introspectionUrl: introspection.url,
  })
  const receiver = imapReceiver({
    lookup: guardedLookup({ allowLoopback: true }),
    rootCa: certificates.ca,
    timeoutsMs,
  })
  const port = tls === 'implicit' ? server.imapsPort : server.imapPort

  /** The owner's own mail program, for one errand. */
  async function asOwner<T>(user: string, errand: (client: ImapFlow) => Promise<T>): Promise<T> {
    const auth = { user, pass: password }
    const options = { host: 'localhost', port: server.imapsPort, secure: true, tls: { ca: certificates.ca } }
    const client = new ImapFlow({ ...options, auth, logger: false })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return await errand(client)
    } finally {
      await client.logout().catch(() => undefined)
    }
  }
  return {
    async newMailbox() {
      const address = addresses.pop()
      if (address === undefined) throw new Error('All mailboxes of this Dovecot are used')
      return {
        address,
        receiver,
        authority: authorityOf(login, address),
        receive: { transport: 'imap', imap: { host: 'localhost', port, tls, folder: 'INBOX' } },
        deliver: (raw, receivedAt = Date.now()) =>
          asOwner(address, async (client) => {
            await client.append('INBOX', raw, [], new Date(receivedAt))
          }),
        remove: (subject) =>
          asOwner(address, async (client) => {
            await client.mailboxOpen('INBOX')
            await client.messageDelete({ subject })
          }),
        folder: (name) =>
          asOwner(address, async (client) => {
            const box = await client.mailboxOpen(name, { readOnly: true })
            const rows = box.exists === 0 ? [] : await client.fetchAll('1:*', { envelope: true, flags: true })
            return rows.map((row) => shown(row.envelope?.subject ?? '', row.flags?.has('\\Seen') === true)).sort()
          }),
        loseIds: () => server.forgetUids(address),
      }
    },
    imapsPort: server.imapsPort,
    ca: certificates.ca,
    rewindUids: (address, first) => server.rewindUids(address, first),
    backUp: (address) => server.backUp(address),
    async stop() {
      await server.stop()
      introspection.stop()
    },
  }
}

/** Whom a token belongs to (RFC 7662); Dovecot asks at every XOAUTH2 login. */
async function startIntrospection(): Promise<{ url: string; stop(): void }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const username = userOf(new URLSearchParams(Buffer.concat(chunks).toString()).get('token') ?? '')
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(username === undefined ? { active: 'false' } : { active: 'true', username }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}/introspect`, stop: () => server.close() }
}

export async function graphWorld(): Promise<ReceiverWorld> {
  const world = await startMicrosoft365()
  return { newMailbox: () => graphMailbox(world, world.graph), stop: () => world.stop() }
}

/** A new, empty mailbox of this Microsoft 365 as this Graph shows it. */
export async function graphMailbox(world: Microsoft365, graph: Graph) {
  const origins = { 'https://graph.microsoft.com': graph.url }
  const address = newAddress()
  const mailbox = world.directory.mailbox(world.directory.addUser({ upn: address }))
  const messages = (name: string) => mailbox.in(mailbox.folder(name)!)
  return {
    address,
    receiver: graphReceiver({ origins }),
    authority: await world.authority(address),
    receive: { transport: 'graph', folder: 'inbox' },
    async deliver(raw, receivedAt = Date.now()) {
      mailbox.add('inbox', { raw: Buffer.from(raw as string), receivedAt })
    },
    async remove(subject) {
      for (const mail of messages('inbox')) if (headerOf(mail.raw, 'subject') === subject) mailbox.remove(mail)
    },
    folder: async (name) =>
      messages(name.toLowerCase())
        .map(({ raw, isRead }) => shown(headerOf(raw, 'subject') ?? '', isRead))
        .sort(),
    loseIds: async () => graph.control.forgetDeltaLinks(address),
    slow: {
      quick: graphReceiver({ origins, timeoutMs: 1_500 }),
      pace: async (subject, bytesPerSecond) =>
        graph.control.fail({ kind: 'mime', user: address, subject, bytesPerSecond, times: 'always' }),
    },
  } satisfies ReceiverSubject
}
