/** Address, principal name and sign-in account are three different names, over every protocol (M-063, M-064, P-21). */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendFlows } from '../../lib/flows/send/index.js'
import type { Connection } from '../../lib/model/connection.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import type { Mailbox } from '../../lib/model/mailbox.js'
import type { Authority } from '../../lib/ports/authority.js'
import { mailScopes } from '../../lib/providers/microsoft-scopes.js'
import { graphReceiver } from '../../lib/transports/graph-receiver.js'
import { graphSender } from '../../lib/transports/graph-sender.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../lib/transports/imap-receiver.js'
import { smtpSender } from '../../lib/transports/smtp-sender.js'
import { type Certificates, makeCertificates } from '../../local/emulators/certificate.js'
import { type ImapEmulator, startImap } from '../../local/emulators/imap/start-imap.js'
import { type SmtpEmulator, startSmtp } from '../../local/emulators/smtp/start-smtp.js'
import { connectAs } from '../support/connect/connect-as.js'
import { everySender } from '../support/general/toolbox.js'
import { type Microsoft365, startMicrosoft365 } from '../support/microsoft/microsoft-365.js'
import { pollHarness } from '../support/receive/poll-harness.js'
import { sendHarness } from '../support/send/send-harness.js'

/** What customers write to; the principal name of the shared mailbox; who signed in, and that person's own address. */
const address = 'office@contoso.example'
const principal = 'sm-4711@contoso.example'
const signIn = 'u123@contoso.example'
const person = 'dora.delegate@contoso.example'
const stranger = 'ben@contoso.example'
const ben = 'ben@contoso.example'

let world: Microsoft365
let certificates: Certificates
let imap: ImapEmulator
let smtp: SmtpEmulator

beforeAll(async () => {
  world = await startMicrosoft365()
  certificates = await makeCertificates()
  world.directory.addUser({ upn: signIn, mail: person })
  world.directory.addUser({ upn: principal, mail: address, kind: 'shared', fullAccess: [signIn], sendAs: [signIn] })
  const servers = {
    accounts: (user: string) => (user === address ? { delegates: [signIn], sendAs: [address] } : undefined),
    verifyToken: (token: string) => {
      const claims = world.entra.verifyAccessToken(token)
      return claims?.upn === undefined || claims.aud !== 'https://outlook.office.com' ? undefined : { upn: claims.upn }
    },
    mode: 'implicit' as const,
    tls: certificates,
  }
  imap = await startImap({ ...servers, dialect: 'exchange' })
  smtp = await startSmtp(servers)
})
afterAll(async () => {
  await Promise.all([world.stop(), imap.stop(), smtp.stop()])
})

const outlook = mailScopes({ receive: 'imap', send: 'smtp', shared: true }).token('outlook')
const graph = mailScopes({ receive: 'graph', send: 'graph', shared: true }).token('graph')

/** The token is the person's; the name shown to the server is the mailbox's. */
async function as(upn: string, scopes: string[]): Promise<Authority> {
  const { accessToken } = await world.signIn(upn, scopes)
  return { kind: 'bearer', user: address, token: async () => accessToken }
}
const connectionOf = (upn: string) =>
  ({ state: 'connected', provider: 'microsoft', identity: { username: upn } }) as Connection

const rawOf = (subject: string): string =>
  `From: kim@example.com\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x.example>\r\n\r\nHello\r\n`
const folderOf = (owner: string, name: string) => {
  const mailbox = world.directory.mailbox(world.directory.user(owner)!)
  return mailbox.in(mailbox.folder(name)!)
}

const receivers = {
  Graph: () => ({
    receiver: graphReceiver({ origins: world.origins }),
    receive: { transport: 'graph', folder: 'inbox', user: principal } as const,
    scopes: graph,
    deliver: (subject: string) => void world.directory.deliver(address, rawOf(subject)),
  }),
  IMAP: () => ({
    receiver: imapReceiver({ lookup: guardedLookup({ allowLoopback: true }), rootCa: certificates.ca }),
    receive: {
      transport: 'imap',
      imap: { host: 'localhost', port: imap.port, tls: 'implicit', folder: 'INBOX' },
    } as const,
    scopes: outlook,
    deliver: (subject: string) => void imap.deliver(address, rawOf(subject)),
  }),
}

test.each(['Graph', 'IMAP'] as const)(
  'M-063, M-064: a delegate receives for the shared mailbox over %s',
  async (over) => {
    const { receiver, receive, scopes, deliver } = receivers[over]()
    const subject = {
      address,
      receiver,
      receive,
      authority: await as(signIn, scopes),
      connection: connectionOf(signIn),
    }
    world.graph.control.reset()
    const flow = await pollHarness(subject)
    deliver(`${over}-one`)
    expect(await flow.poll()).toMatchObject({ outcome: 'mail', handedOver: 1 })
    deliver(`${over}-two`)
    expect(await flow.poll()).toMatchObject({ outcome: 'mail', handedOver: 1 })
    expect(flow.told()).toEqual([`<${over}-one@x.example>`, `<${over}-two@x.example>`])
    const paths = world.graph.control.requests.map(({ path }) => path)
    expect(paths.every((path) => path.startsWith(`/v1.0/users/${encodeURIComponent(principal)}/`))).toBe(true)
    // The same way, without the rights.
    const refused = { ...subject, authority: await as(stranger, scopes), connection: connectionOf(stranger) }
    expect(await (await pollHarness(refused)).poll()).toMatchObject({ outcome: 'failed', handedOver: 0 })
  },
)

async function sendOver(over: 'Graph' | 'SMTP', upn: string) {
  const h = await sendHarness()
  const { deps, tenant, mailbox } = h
  const server = { host: 'localhost', port: smtp.port, tls: 'implicit' } as const
  const connectionId = newId()
  const send: Mailbox['send'] =
    over === 'Graph'
      ? { transport: 'graph', connectionId, user: principal }
      : { transport: 'smtp', connectionId, smtp: server }
  const key = { partitionKey: `${tenant}~${mailbox.id}`, rowKey: 'mailbox' }
  await h.stores.tables.upsert(deps.names.table('mailboxes'), { ...key, address, send: JSON.stringify(send) })
  const sender =
    over === 'Graph'
      ? graphSender({ origins: world.origins })
      : smtpSender({ lookup: guardedLookup({ allowLoopback: true }), rootCa: certificates.ca })
  const authority = await as(upn, over === 'Graph' ? graph : outlook)
  deps.senders = everySender(sender)
  await connectAs(deps, connectionId, authority, connectionOf(upn))
  const submission = parseMailSubmission({ to: [ben], subject: `From ${upn}`, text: 'Hi', mailboxId: mailbox.id })
  const { mail } = await sendFlows.acceptMail(deps, tenant, { submission })
  await sendFlows.drainLane(deps, { v: 1, tenant, mailboxId: mailbox.id })
  return sendFlows.readMail(deps, tenant, mail.id)
}

test('M-063, M-064, P-21: a delegate sends as the shared mailbox over Graph, and the copy is in its Sent Items', async () => {
  expect(await sendOver('Graph', signIn)).toMatchObject({ state: 'sent', from: address })
  const arrived = folderOf(ben, 'inbox').map(({ raw }) => String(raw))
  expect(arrived).toHaveLength(1)
  expect(arrived[0]).toMatch(/^From:.*office@contoso\.example/m)
  expect(arrived[0]).not.toMatch(/dora|u123@contoso.example>$/m)
  expect(folderOf(principal, 'sentitems')).toHaveLength(1)
  expect(folderOf(signIn, 'sentitems')).toHaveLength(0)
  expect(await sendOver('Graph', stranger)).not.toMatchObject({ state: 'sent' })
  expect(folderOf(ben, 'inbox')).toHaveLength(1)
})

test('M-063, M-064: a delegate sends as the shared mailbox over SMTP: its name, the delegate’s token', async () => {
  expect(await sendOver('SMTP', signIn)).toMatchObject({ state: 'sent', from: address })
  expect(smtp.mails).toMatchObject([{ from: address, to: [ben], session: { user: address, method: 'XOAUTH2' } }])
  expect(await sendOver('SMTP', stranger)).not.toMatchObject({ state: 'sent' })
  expect(smtp.mails).toHaveLength(1)
})
