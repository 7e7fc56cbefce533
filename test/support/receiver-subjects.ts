/** Mail servers for the receiver contract: each gives new, empty mailboxes and the hands to change them from outside. */
import { createServer } from 'node:http'
import { ImapFlow } from 'imapflow'
import type { Mailbox } from '../../lib/model/mailbox.js'
import type { Authority } from '../../lib/ports/authority.js'
import type { Receiver } from '../../lib/ports/receiver.js'
import { Secret } from '../../lib/secret.js'
import { graphReceiver } from '../../lib/transports/graph-receiver.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../lib/transports/imap-receiver.js'
import { makeCertificates } from '../../local/emulators/certificate.js'
import { headerOf } from '../../local/emulators/graph/mime.js'
import { startImap } from '../../local/emulators/imap/start-imap.js'
import { startDovecot } from './mail-servers/dovecot.js'
import { startMicrosoft365 } from './microsoft/microsoft-365.js'

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
  /** From now on the server lists the mail with this subject and never gives its bytes. */
  withhold?(subject: string): Promise<void>
}

export interface ReceiverWorld {
  newMailbox(): Promise<ReceiverSubject>
  stop(): Promise<void>
}

export interface DovecotWorld extends ReceiverWorld {
  /** Implicit TLS. */
  imapsPort: number
  ca: string
  /** UIDs counted from 1 again under the same UIDVALIDITY. */
  rewindUids(address: string): Promise<void>
  /** In one session, which is most of what a delivery costs. */
  deliverAll(address: string, raws: string[]): Promise<void>
  /** A copy of the mailbox as it is; call the result to restore it. */
  backUp(address: string): Promise<() => Promise<void>>
}

const password = 'correct-horse'
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
  const options = { lookup: guardedLookup({ allowLoopback: true }), rootCa: certificates.ca }
  const receiver = imapReceiver({ ...options, timeoutsMs })
  const quick = imapReceiver({ ...options, timeoutsMs: { ...timeoutsMs, command: 1_000, session: 4_000 } })
  return {
    async newMailbox() {
      const address = newAddress()
      const messages = (name: string) => server.store.folder(address, name)!.messages
      const uidOf = (subject: string) =>
        messages('INBOX').find(({ raw }) => headerOf(raw, 'subject') === subject)?.uid ?? 0
      return {
        address,
        receiver,
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
        slow: {
          quick,
          async pace(subject, bytesPerSecond) {
            server.control.lies.order({ lie: 'pace', bytesPerSecond, user: address, uid: uidOf(subject) })
          },
        },
        async withhold(subject) {
          server.control.lies.order({ lie: 'row', how: 'nil', of: 'body', user: address, uid: uidOf(subject) })
        },
      }
    },
    stop: () => server.stop(),
  }
}

export async function dovecotWorld(login: 'password' | 'token', tls: 'implicit' | 'starttls'): Promise<DovecotWorld> {
  const certificates = await makeCertificates()
  const introspection = await startIntrospection()
  const addresses = Array.from({ length: 60 }, newAddress)
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
    rewindUids: (address) => server.rewindUids(address),
    backUp: (address) => server.backUp(address),
    deliverAll: (address, raws) =>
      asOwner(address, async (client) => {
        for (const raw of raws) await client.append('INBOX', raw, [], new Date())
      }),
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
  const receiver = graphReceiver({ origins: world.origins })
  const quick = graphReceiver({ origins: world.origins, timeoutMs: 1_500 })
  return {
    async newMailbox() {
      const address = newAddress()
      const mailbox = world.directory.mailbox(world.directory.addUser({ upn: address }))
      const messages = (name: string) => mailbox.in(mailbox.folder(name)!)
      return {
        address,
        receiver,
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
        loseIds: async () => world.graph.control.forgetDeltaLinks(address),
        slow: {
          quick,
          pace: async (subject, bytesPerSecond) =>
            world.graph.control.fail({ kind: 'mime', user: address, subject, bytesPerSecond, times: 'always' }),
        },
        withhold: async (subject) =>
          world.graph.control.fail({ kind: 'mime', user: address, subject, status: 403, times: 'always' }),
      }
    },
    stop: () => world.stop(),
  }
}
