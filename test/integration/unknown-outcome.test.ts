/**
 * A mail whose hand-over was interrupted: real protocols, real storage, time that the test moves. The truth is what the
 * far side took, never what the gateway says.
 */
import { QueueClient } from '@azure/storage-queue'
import { describe, expect, inject, test } from 'vitest'
import { sendFlows } from '../../lib/flows/send/index.js'
import { latestSendMs } from '../../lib/flows/send/resolve-unknown.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import type { Mailbox, ReceiveSettings, SendSettings } from '../../lib/model/mailbox.js'
import { connectionIdsOf } from '../../lib/model/transports.js'
import type { Authority } from '../../lib/ports/authority.js'
import type { Sender } from '../../lib/ports/sender.js'
import type { Toolbox } from '../../lib/ports/toolbox.js'
import { changeLane } from '../../lib/rows/lane.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { Secret } from '../../lib/secret.js'
import { graphReceiver } from '../../lib/transports/graph-receiver.js'
import { graphSender } from '../../lib/transports/graph-sender.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../lib/transports/imap-receiver.js'
import { smtpSender } from '../../lib/transports/smtp-sender.js'
import { makeCertificates } from '../../local/emulators/certificate.js'
import type { FaultOrder } from '../../local/emulators/faults.js'
import { startImap } from '../../local/emulators/imap/start-imap.js'
import { type ScriptedSmtpOptions, startScriptedSmtp } from '../../local/emulators/smtp/scripted-smtp.js'
import { connectAs } from '../support/connect/connect-as.js'
import { everyAttention } from '../support/general/every.js'
import { stopsAfterEach } from '../support/general/stops-after-each.js'
import { startMicrosoft365 } from '../support/microsoft/microsoft-365.js'
import { sendHarness } from '../support/send/send-harness.js'
import { azuriteStores } from '../support/storage/azurite-stores.js'

const { acceptMail, drainLane, readMail, resolveMail, retryMail } = sendFlows
const connectionString = inject('azurite')
const stops = stopsAfterEach()
const certificates = await makeCertificates()

const ana = 'ana@contoso.example'
const ben = 'ben@contoso.example'
const password = 'canary-Pass-4711'
const hour = 3_600_000

/** The send flows on real storage with a mailbox as given; `hours` moves the time and lets the lane work. */
async function world(mailbox: Partial<Mailbox>, deps: Partial<Toolbox>, authority: Authority = byPassword) {
  const stores = azuriteStores({ connectionString })
  const h = await sendHarness({ stores, environment: `u${newId().slice(0, 6)}`, realTime: true })
  await stores.tables.upsert(h.deps.names.table('mailboxes'), toRow({ ...h.mailbox, ...mailbox }))
  for (const id of connectionIdsOf({ ...h.mailbox, ...mailbox }))
    await connectAs(h.deps, id, authority, { identity: { issuer: '', subject: '', username: ana } })
  let ahead = 0
  Object.assign(h.deps, deps, { clock: { ...h.clock, now: () => Date.now() + ahead } })
  const work = { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id }
  const drain = () => drainLane(h.deps, work)
  return {
    ...h,
    work,
    drain,
    /** The lease of a worker that stands still is over. */
    leaseEnds: () => changeLane(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id }, () => ({ leaseUntil: 0 })),
    /** Time passes and nobody works. */
    pass(ms: number) {
      ahead += ms
    },
    async later(ms: number) {
      ahead += ms
      await drain()
    },
    async send(whenUnknown: 'stop' | 'resend' = 'stop') {
      const wish = { mailboxId: h.mailbox.id, to: [ben], subject: 'Offer', text: 'Hello', whenUnknown }
      const { mail } = await acceptMail(h.deps, h.tenant, parseMailSubmission(wish))
      await drain()
      return mail.id
    },
    read: (id: string) => readMail(h.deps, h.tenant, id),
    resolve: (id: string, outcome: 'sent' | 'not-sent' | 'resend') => resolveMail(h.deps, h.tenant, id, outcome),
    attention: () => everyAttention(h.deps, h.tenant),
    async events() {
      const queue = new QueueClient(connectionString, h.deps.names.eventsQueue(h.tenant))
      const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 })
      return receivedMessageItems.map((item) => JSON.parse(Buffer.from(item.messageText, 'base64').toString()))
    },
  }
}

const byPassword = { kind: 'password', user: ana, password: new Secret(password) } as const
const lookup = guardedLookup({ allowLoopback: true })

async function smtp(options: ScriptedSmtpOptions) {
  const server = await startScriptedSmtp(options)
  stops.push(() => server.stop())
  const { port } = server
  const send: SendSettings = {
    transport: 'smtp',
    connectionId: newId(),
    smtp: { host: 'localhost', port, tls: 'plain', messagesPerSession: 3 },
  }
  // As the gateway wires it: SMTP itself cannot look anything up.
  const sender = smtpSender({ lookup, timeoutsMs: { reply: 300 } })
  return { server, send, deps: { senders: { smtp: sender, graph: sender } } }
}

const messageIds = (mails: { raw: Buffer }[]) => mails.map(({ raw }) => /^Message-ID: (.*)\r$/im.exec(String(raw))?.[1])

describe('REL-03, P-09: the connection drops after the final dot and nothing can be looked up', () => {
  test.each(['close', 'reset', 'hang'] as const)(
    '%s: unknown, explained, and never sent again automatically',
    async (fault) => {
      const { server, send, deps } = await smtp({ phase: 'after-dot', fault })
      const w = await world({ send }, deps)
      const id = await w.send()
      const mail = await w.read(id)
      expect(mail).toMatchObject({ state: 'unknown', attempts: 1, whenUnknown: 'stop' })
      expect(mail.lastError).toMatchObject({ code: 'send_outcome_unknown', class: 'permanent' })
      expect(mail.lastError?.text).toMatch(
        /^The connection broke after .* may have been sent\. The gateway cannot read the Sent/,
      )
      expect(mail.lastError?.remedy).toMatch(/then decide: sent, not sent, or send again/)
      const [event, ...others] = await w.events()
      expect(others).toEqual([])
      const { text, remedy } = mail.lastError!
      expect(event).toMatchObject({ type: 'mail.unknown', data: { mailId: id, description: text, remedy } })
      expect(await w.attention()).toMatchObject([
        { kind: 'mail-unknown', id, whoActs: 'An administrator, after checking the mailbox', remedy },
      ])
      for (let n = 0; n < 4; n++) await w.later(30 * hour)
      expect(await w.read(id)).toMatchObject({ state: 'unknown', attempts: 1 })
      await expect(retryMail(w.deps, w.tenant, id)).rejects.toMatchObject({ code: 'wrong_state' })
      expect(server.mails).toHaveLength(1)
      expect(await w.events()).toEqual([])
    },
  )

  test.each([
    ['sent', 'sent', 1],
    ['not-sent', 'failed', 1],
    ['resend', 'sent', 2],
  ] as const)('a person decides %s: %s, %i copies', async (decision, state, copies) => {
    const { server, send, deps } = await smtp({ phase: 'after-dot', fault: 'close', times: 1 })
    const w = await world({ send }, deps)
    const id = await w.send()
    await w.resolve(id, decision)
    await w.drain()
    expect(await w.read(id)).toMatchObject({ state })
    expect(await w.attention()).toEqual([])
    expect(server.mails).toHaveLength(copies)
    expect(new Set(messageIds(server.mails)).size).toBe(1)
    if (decision !== 'resend') expect(await w.resolve(id, decision)).toMatchObject({ state })
    await expect(w.resolve(id, decision === 'sent' ? 'resend' : 'sent')).rejects.toMatchObject({ code: 'wrong_state' })
  })

  test('whenUnknown resend: one more copy with the same Message-ID, and sent', async () => {
    const { server, send, deps } = await smtp({ phase: 'after-dot', fault: 'close', times: 1 })
    const w = await world({ send }, deps)
    const id = await w.send('resend')
    const waiting = await w.read(id)
    expect(waiting).toMatchObject({
      state: 'waiting',
      lastError: { text: expect.stringContaining('sends it once more') },
    })
    await w.later(hour)
    expect(await w.read(id)).toMatchObject({ state: 'sent', attempts: 2 })
    expect(server.mails).toHaveLength(2)
    expect(new Set(messageIds(server.mails))).toEqual(new Set([waiting.messageId]))
    expect(await w.attention()).toEqual([])
  })

  test('whenUnknown resend: a server that loses every answer gets two copies, then a person is asked', async () => {
    const { server, send, deps } = await smtp({ phase: 'after-dot', fault: 'reset' })
    const w = await world({ send }, deps)
    const id = await w.send('resend')
    for (let n = 0; n < 8; n++) await w.later(hour)
    expect(server.mails).toHaveLength(2)
    expect(await w.read(id)).toMatchObject({ state: 'unknown', lastError: { text: expect.stringContaining('twice') } })
    expect(await w.attention()).toHaveLength(1)
  })

  test('whenUnknown resend past the deadline: a person is asked, it is not called failed', async () => {
    const { server, send, deps } = await smtp({ phase: 'after-dot', fault: 'hang' })
    const w = await world({ send }, deps)
    w.deps.config = { ...w.deps.config, deadlineMs: hour }
    const open: Sender['open'] = (...input) => {
      w.pass(2 * hour)
      return deps.senders.smtp.open(...input)
    }
    w.deps.senders = { ...deps.senders, smtp: { open } }
    const id = await w.send('resend')
    expect(await w.read(id)).toMatchObject({ state: 'unknown' })
    expect(server.mails).toHaveLength(1)
  })
})

describe('REL-03, P-09: the Sent folder over IMAP', () => {
  async function withSentFolder() {
    const outgoing = await smtp({ phase: 'after-dot', fault: 'close', times: 1 })
    const imap = await startImap({ accounts: () => ({ password }), mode: 'plain', tls: certificates })
    stops.push(() => imap.stop())
    const receive: ReceiveSettings = {
      transport: 'imap',
      connectionId: newId(),
      imap: { host: 'localhost', port: imap.port, tls: 'plain', folder: 'INBOX' },
      after: { action: 'leave' },
    }
    const receiver = imapReceiver({ lookup })
    const w = await world(
      { send: outgoing.send, receive },
      { ...outgoing.deps, receivers: { imap: receiver, graph: receiver } },
    )
    // What mail services do with a mail they took: keep a copy for its sender.
    const keepCopy = () => imap.deliver(ana, outgoing.server.mails[0]!.raw.toString('latin1'), 'Sent')
    return { w, imap, server: outgoing.server, keepCopy }
  }

  test.each(['stop', 'resend'] as const)(
    '%s: a copy there, even a late one, proves that it was sent',
    async (policy) => {
      const { w, server, keepCopy } = await withSentFolder()
      const id = await w.send(policy)
      expect(await w.read(id)).toMatchObject({ state: 'unknown' })
      expect(await w.attention()).toEqual([])
      keepCopy()
      await w.later(61_000)
      const mail = await w.read(id)
      expect(mail).toMatchObject({ state: 'sent', attempts: 1, delivered: [ben] })
      expect(mail.history.at(-1)?.text).toContain('in the Sent folder')
      expect((await w.events()).map(({ type }) => type)).toEqual(['mail.sent'])
      expect(server.mails).toHaveLength(1)
    },
  )

  test('no copy there proves nothing: a person is asked, and told so', async () => {
    const { w, server } = await withSentFolder()
    const id = await w.send()
    await w.later(61_000)
    const mail = await w.read(id)
    expect(mail).toMatchObject({ state: 'unknown', lastError: { remedy: expect.stringContaining('decide') } })
    expect(mail.lastError?.text).toContain('not in the Sent folder, which does not prove')
    expect(await w.attention()).toMatchObject([{ description: expect.stringContaining('which does not prove') }])
    expect(server.mails).toHaveLength(1)
  })

  test('a mailbox that cannot be reached is asked again, until the deadline', async () => {
    const { w, imap, server, keepCopy } = await withSentFolder()
    const id = await w.send()
    keepCopy()
    await imap.stop()
    for (let n = 0; n < 3; n++) await w.later(hour)
    expect(await w.read(id)).toMatchObject({ state: 'unknown', attempts: 1 })
    expect(await w.attention()).toEqual([])
    await w.later(72 * hour)
    const mail = await w.read(id)
    expect(mail.lastError?.text).toContain('The gateway could not search the mailbox: ')
    expect(await w.attention()).toHaveLength(1)
    expect(server.mails).toHaveLength(1)
  })
})

describe('REL-03, P-09: Graph', () => {
  async function onGraph(fault?: FaultOrder) {
    // Minutes that passed for both sides; hours that only we wait would end the token.
    let minutes = 0
    const cloud = await startMicrosoft365({ now: () => Date.now() + minutes * 60_000 })
    stops.push(() => cloud.stop())
    const { origins } = cloud
    const sender = graphSender({ origins })
    const receiver = graphReceiver({ origins })
    const w = await world(
      { address: ana, send: { transport: 'graph', connectionId: newId() } },
      { senders: { graph: sender, smtp: sender }, receivers: { graph: receiver, imap: receiver } },
      await cloud.authority(ana),
    )
    if (fault) cloud.graph.control.fail(fault)
    const minutesLater = async (count: number) => {
      minutes += count
      await w.later(count * 60_000)
    }
    const mailbox = (address: string) => cloud.directory.mailbox(cloud.directory.user(address)!)
    const inFolder = (address: string, folder: string) => {
      const box = mailbox(address)
      return box.in(box.folder(folder)!)
    }
    return { w, cloud, mailbox, inFolder, minutesLater }
  }

  test.each(['504-but-delivered', 'drop-after-delivered'] as const)('%s: the draft says it left', async (name) => {
    const { w, inFolder } = await onGraph({ name })
    const id = await w.send('resend')
    expect(await w.read(id)).toMatchObject({ state: 'unknown' })
    await w.later(61_000)
    const mail = await w.read(id)
    expect(mail).toMatchObject({ state: 'sent', attempts: 1 })
    expect(mail.history.at(-1)?.text).toContain('The mailbox shows the mail as sent.')
    expect(inFolder(ben, 'inbox')).toHaveLength(1)
  })

  test.each([
    { kind: 'send', status: 504 },
    // One item is not found for a moment (field 10).
    { kind: 'send', status: 404, code: 'ErrorItemNotFound' },
  ])('a $status that sent nothing: the draft is still one, so it is sent again without asking', async (fault) => {
    const { w, inFolder } = await onGraph(fault)
    const id = await w.send('stop')
    expect(await w.read(id)).toMatchObject({ state: 'unknown' })
    await w.later(61_000)
    expect(await w.read(id)).toMatchObject({ state: 'unknown' })
    expect(await w.attention()).toEqual([])
    await w.later(latestSendMs)
    expect(await w.read(id)).toMatchObject({ state: 'waiting' })
    expect(inFolder(ana, 'drafts')).toHaveLength(0)
    await w.later(hour)
    expect(await w.read(id)).toMatchObject({ state: 'sent', attempts: 2 })
    expect(inFolder(ben, 'inbox')).toHaveLength(1)
  })

  // A service in front that gave up while the mailbox server went on: Microsoft Q&A 2286986.
  test.each([
    ['draft', 70],
    ['draft', 420],
    ['copy', 5],
    ['copy', 280],
  ] as const)(
    'C5: answered with 504, and the %s is sent %i s later all the same: one copy',
    async (lateOf, seconds) => {
      const { w, inFolder, minutesLater } = await onGraph({
        name: '504-delivered-late',
        lateMs: seconds * 1000,
        lateOf,
      })
      const id = await w.send('stop')
      for (let n = 0; n < 12; n++) await minutesLater(1.02)
      expect(await w.read(id)).toMatchObject({ state: 'sent' })
      expect(inFolder(ben, 'inbox')).toHaveLength(1)
      expect(inFolder(ana, 'sentitems')).toHaveLength(1)
      expect(inFolder(ana, 'drafts')).toHaveLength(0)
      expect(await w.attention()).toEqual([])
    },
  )

  test('C5: a deleted draft can still be sent, so deleting it is no proof', async () => {
    const { cloud, inFolder } = await onGraph()
    const token = await (await cloud.authority(ana)).token()
    const call = (method: string, path: string, body?: string) =>
      fetch(`${cloud.graph.url}/v1.0/me${path}`, {
        method,
        ...(body === undefined ? {} : { body }),
        headers: {
          authorization: `Bearer ${token.reveal()}`,
          'content-type': 'application/json',
          prefer: 'IdType="ImmutableId"',
        },
      })
    const made = await call('POST', '/messages', JSON.stringify({ toRecipients: [{ emailAddress: { address: ben } }] }))
    const { id } = (await made.json()) as { id: string }
    expect((await call('DELETE', `/messages/${id}`)).status).toBe(204)
    expect((await call('POST', `/messages/${id}/send`)).status).toBe(202)
    expect(inFolder(ben, 'inbox')).toHaveLength(1)
    const again = await call(
      'POST',
      '/messages',
      JSON.stringify({ toRecipients: [{ emailAddress: { address: ben } }] }),
    )
    const next = (await again.json()) as { id: string }
    expect((await call('POST', `/messages/${next.id}/permanentDelete`)).status).toBe(204)
    expect((await call('POST', `/messages/${next.id}/send`)).status).toBe(404)
  })

  test('C5: a worker stands still before its send call while another takes the mail over: one copy', async () => {
    const { w, cloud, inFolder, minutesLater } = await onGraph()
    let goOn = () => {}
    const isToGoOn = new Promise<void>((resolve) => {
      goOn = resolve
    })
    let asks = () => {}
    const asked = new Promise<void>((resolve) => {
      asks = resolve
    })
    const { graph } = w.deps.senders
    const standing: Sender = {
      ...graph,
      async open(...input) {
        const session = await graph.open(...input)
        return {
          ...session,
          send: (mail, handingOver) =>
            session.send(mail, async (evidence) => {
              await handingOver(evidence)
              asks()
              await isToGoOn
            }),
        }
      },
    }
    const wish = parseMailSubmission({ mailboxId: w.mailbox.id, to: [ben], subject: 'Offer', text: 'Hello' })
    const { mail } = await acceptMail(w.deps, w.tenant, wish)
    const first = drainLane({ ...w.deps, senders: { graph: standing, smtp: standing } }, w.work)
    await asked
    await w.leaseEnds()
    for (let n = 0; n < 3; n++) await minutesLater(1.02)
    goOn()
    await first
    expect(await w.read(mail.id)).toMatchObject({ state: 'sent', attempts: 2 })
    expect(cloud.graph.control.counters.sends).toBe(1)
    expect(inFolder(ben, 'inbox')).toHaveLength(1)
  })

  test('a draft whose answer got lost goes with the next attempt; one of the owner stays', async () => {
    const lost: FaultOrder = { kind: 'draft', name: 'drop-after' }
    const { w, inFolder } = await onGraph({ ...lost, times: 2 })
    const own = '<weekly-report@contoso.example>'
    const raw = Buffer.from(`From: ${ana}\r\nSubject: Report\r\nMessage-ID: ${own}\r\n\r\nHello\r\n`).toString('base64')
    const left: string[] = []
    for (const content of [{ subject: 'Offer', text: 'Hello' }, { raw }]) {
      const wish = parseMailSubmission({ mailboxId: w.mailbox.id, to: [ben], ...content })
      left.push((await acceptMail(w.deps, w.tenant, wish)).mail.id)
      await w.drain()
      expect(await w.read(left.at(-1) ?? '')).toMatchObject({ state: 'waiting', attempts: 1 })
    }
    expect(inFolder(ana, 'drafts')).toHaveLength(2)
    await w.later(hour)
    for (const id of left) expect(await w.read(id)).toMatchObject({ state: 'sent', attempts: 2 })
    expect(messageIds(inFolder(ana, 'drafts'))).toEqual([own])
    expect(inFolder(ben, 'inbox')).toHaveLength(2)
  })

  test('neither draft nor sent copy: a person is asked', async () => {
    const { w, inFolder, mailbox } = await onGraph({ kind: 'send', status: 504 })
    const id = await w.send('stop')
    for (const draft of inFolder(ana, 'drafts')) mailbox(ana).remove(draft)
    await w.later(61_000)
    const mail = await w.read(id)
    expect(mail).toMatchObject({ state: 'unknown' })
    expect(mail.lastError?.text).toContain('not in the Sent folder, which does not prove')
    expect(await w.attention()).toHaveLength(1)
    expect(inFolder(ben, 'inbox')).toHaveLength(0)
  })
})
