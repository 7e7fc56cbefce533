/** Nobody asks more of a provider than it grants (REL-09), and nobody waits for somebody else's slow server (REL-27). */
import { expect, test } from 'vitest'
import { pollBatch } from '../../lib/flows/receive/poll-batch.js'
import { sendFlows } from '../../lib/flows/send/index.js'
import type { Connection } from '../../lib/model/connection.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import type { Mailbox } from '../../lib/model/mailbox.js'
import type { Authority } from '../../lib/ports/authority.js'
import type { Receiver } from '../../lib/ports/receiver.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { Secret } from '../../lib/secret.js'
import { graphReceiver } from '../../lib/transports/graph-receiver.js'
import { graphSender } from '../../lib/transports/graph-sender.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { smtpSender } from '../../lib/transports/smtp-sender.js'
import { makeCertificates } from '../../local/emulators/certificate.js'
import { startSmtp } from '../../local/emulators/smtp/start-smtp.js'
import { exchangeSubmission, SubmissionMeter } from '../../local/emulators/submission-limits.js'
import { connectAs } from '../support/connect/connect-as.js'
import { sampleMailbox } from '../support/general/sample-mailbox.js'
import { everyReceiver } from '../support/general/toolbox.js'
import { startMicrosoft365 } from '../support/microsoft/microsoft-365.js'
import { ScriptedMailbox } from '../support/receive/scripted-mailbox.js'
import { sendHarness } from '../support/send/send-harness.js'
import { memoryStores } from '../support/storage/memory-stores.js'

const { acceptMail, drainLane, readMail } = sendFlows

/** Emulated Exchange behind Graph and behind SMTP, both with its limits, and mailboxes that send over either. */
async function exchange(connection: Pick<Connection, 'provider'> = { provider: 'microsoft' }) {
  const h = await sendHarness()
  const { tenant, clock } = h
  const world = await startMicrosoft365(clock)
  world.graph.control.setSubmissionLimits({})
  world.graph.control.setLatency(1)
  const certificates = await makeCertificates()
  const password = 'correct-horse'
  const meter = new SubmissionMeter({ ...exchangeSubmission, connections: 2 }, clock.now)
  const smtpServer = await startSmtp({ mode: 'starttls', tls: certificates, accounts: () => ({ password }), meter })
  const senders = {
    smtp: smtpSender({ lookup: guardedLookup({ allowLoopback: true }), rootCa: certificates.ca }),
    graph: graphSender({ origins: world.origins }),
  }
  const smtp = { host: 'localhost', port: smtpServer.port, tls: 'starttls', messagesPerSession: 10 } as const
  const authorities = new Map<string, Authority>()
  const mailbox = async (transport: 'graph' | 'smtp', address: string): Promise<string> => {
    const id = newId()
    if (transport === 'graph') {
      world.graph.control.addUser({ upn: address })
      authorities.set(id, await world.authority(address))
    } else authorities.set(id, { kind: 'password', user: address, password: new Secret(password) })
    const identity = { issuer: '', subject: '', username: address }
    await connectAs(h.deps, id, authorities.get(id)!, { ...connection, identity })
    const send: Mailbox['send'] =
      transport === 'graph' ? { transport, connectionId: id } : { transport, connectionId: id, smtp }
    const row = toRow({ ...h.mailbox, id, key: id.slice(0, 8), address, send, sendAs: [] })
    await h.stores.tables.insert(h.deps.names.table('mailboxes'), row)
    return id
  }
  const worker = () => Object.assign(h.process().deps, { senders })
  const accept = async (mailboxId: string, subject: string, to = ['kim@example.net']): Promise<string> => {
    const submission = parseMailSubmission({ to, subject, text: 'x', mailboxId })
    return (await acceptMail(worker(), tenant, { submission })).mail.id
  }
  /** "There is work", twice over to four workers. */
  const wake = async (mailboxId: string): Promise<void> => {
    for (let round = 0; round < 2; round++)
      await Promise.all(Array.from({ length: 4 }, () => drainLane(worker(), { v: 1, tenant, mailboxId })))
  }
  const subjects = (): string[] =>
    [...world.directory.outbound, ...smtpServer.mails].map(
      ({ raw }) => /^Subject: (.*?)\r$/m.exec(raw.toString('latin1'))?.[1] ?? '',
    )
  const violations = () => {
    const { concurrencyViolations, submissionViolations, throttled } = world.graph.control.counters
    return { smtp: meter.violations, graph: concurrencyViolations + submissionViolations + throttled }
  }
  const stop = async (): Promise<void> => {
    await Promise.all([world.stop(), smtpServer.stop()])
  }
  return { h, world, smtpServer, senders, smtp, authorities, mailbox, accept, wake, subjects, violations, stop }
}

test('REL-09: 1,000 mails leave ten mailboxes over Graph and SMTP by many workers and break no limit', async () => {
  const { h, world, smtpServer, ...to } = await exchange()
  const boxes: string[] = []
  for (let n = 0; n < 10; n++) boxes.push(await to.mailbox(n % 2 === 0 ? 'graph' : 'smtp', `box-${n}@contoso.example`))
  // The first mailbox meets the limit of the day as well: 99 mails to 101 people, and then one too many.
  const crowd = Array.from({ length: 101 }, (_, n) => `kim-${n}@example.net`)
  const ids: string[] = []
  for (let n = 0; n < 1_000; n++) ids.push(await to.accept(boxes[n % 10]!, `${n}`, n % 10 === 0 ? crowd : undefined))
  for (let minute = 1; minute <= 5; minute++) {
    await Promise.all(boxes.map(to.wake))
    expect(to.subjects()).toHaveLength(minute < 4 ? minute * 300 : 999)
    h.clock.advance(60_000)
  }
  h.clock.advance(24 * 3_600_000)
  await Promise.all(boxes.map(to.wake))
  expect(to.subjects().sort()).toEqual(Array.from({ length: 1_000 }, (_, n) => `${n}`).sort())
  for (const id of ids) expect(await readMail(h.deps, h.tenant, id)).toMatchObject({ state: 'sent', attempts: 1 })
  expect(to.violations()).toEqual({ smtp: 0, graph: 0 })
  expect(world.graph.control.counters.peakConcurrency).toBe(1)
  // Five mailboxes, 30 + 30 + 30 + 10 mails, ten mails over a connection.
  expect(smtpServer.connections).toBe(50)
  await to.stop()
}, 90_000)

test('REL-09: the same servers do count who asks for more: the control', async () => {
  // Nobody told the gateway that this is Exchange.
  const { h, world, senders, ...to } = await exchange({ provider: 'basic' })
  const hasty = await to.mailbox('smtp', 'hasty@contoso.example')
  for (let n = 0; n < 31; n++) await to.accept(hasty, `${n}`)
  await to.wake(hasty)
  expect(to.subjects()).toHaveLength(30)
  expect(to.violations()).toEqual({ smtp: 1, graph: 0 })
  const { signal } = new AbortController()
  const open = () => senders.smtp.open({ transport: 'smtp', smtp: to.smtp }, to.authorities.get(hasty)!, signal)
  const sessions = [await open(), await open()]
  await expect(open()).rejects.toMatchObject({ class: 'transient' })
  expect(to.violations()).toEqual({ smtp: 2, graph: 0 })
  for (const session of sessions) await session.close()

  const box = await to.mailbox('graph', 'box@contoso.example')
  const target = { transport: 'graph', graph: { mailbox: 'me' } } as const
  const session = await senders.graph.open(target, to.authorities.get(box)!, signal)
  const send = (n: number, people = 1) => {
    const recipients = Array.from({ length: people }, (_, at) => `kim-${at}@example.net`)
    const from = 'box@contoso.example'
    const raw = Buffer.from(`From: ${from}\r\nTo: ${recipients.join(', ')}\r\nSubject: graph ${n}\r\n\r\nx`)
    return session.send({ mailId: newId(), messageId: `<${n}@example.net>`, from, recipients, raw }, async () => {})
  }
  for (let n = 0; n < 30; n++) await send(n)
  await expect(send(30)).rejects.toMatchObject({ class: 'transient', retryAfterMs: 60_000 })
  h.clock.advance(60_000)
  for (let n = 0; n < 20; n++) await send(n, 498)
  await expect(send(20, 498)).rejects.toMatchObject({ hint: 'quota-day' })
  expect(world.graph.control.counters.submissionViolations).toBe(2)
  await to.stop()
}, 90_000)

test('REL-09: 1,000 mails read and marked while others are sent break no limit of Exchange', async () => {
  const world = await startMicrosoft365()
  const ana = 'ana@contoso.example'
  for (let n = 0; n < 1_000; n++) world.directory.deliver(ana, `Subject: ${n}\r\n\r\nx`)
  const authority = await world.authority(ana)
  const signal = new AbortController().signal
  const target = { transport: 'graph', graph: { mailbox: 'me' }, folder: 'inbox' } as const
  world.graph.control.setLatency(1)
  const peer = await graphReceiver({ origins: world.origins }).open(target, authority, signal)
  const ids: string[] = []
  for await (const mail of peer.fetch(undefined, { maxMails: 1_000, maxBytes: 10_000, since: 0 })) {
    if (ids.length % 4 === 0) await mail.raw()
    ids.push(mail.serverId)
  }
  // One lane sends on the same mailbox meanwhile.
  const path = '/v1.0/me/messages?$top=1'
  let marking = true
  const sending = (async () => {
    const headers = {
      authorization: `Bearer ${(await (authority as typeof authority & { kind: 'bearer' }).token()).reveal()}`,
    }
    while (marking) await (await fetch(`${world.graph.url}${path}`, { headers })).arrayBuffer()
  })()
  await peer.after(ids, { action: 'mark-read' })
  marking = false
  await sending
  expect(ids).toHaveLength(1_000)
  const { concurrencyViolations, throttled, peakConcurrency } = world.graph.control.counters
  expect({ concurrencyViolations, throttled }).toEqual({ concurrencyViolations: 0, throttled: 0 })
  expect(peakConcurrency).toBe(4)
  await world.stop()
}, 90_000)

test.each([1, 39])('P-14, REL-27: of 200 mailboxes %i hang, and every other one is read meanwhile', async (hanging) => {
  const stores = await memoryStores({ now: Date.now, sleep: async () => {} })
  const tenant = 'acme'
  let letGo = (): void => {}
  const hangs = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const boxes = Array.from({ length: 200 }, () => newId())
  const slow = new Set(boxes.slice(0, hanging))
  const done: string[] = []
  const servers = new Map(boxes.map((id) => [id, new ScriptedMailbox()]))
  for (const [id, server] of servers) server.put(1, id)
  for (const id of boxes) {
    const mailbox = sampleMailbox({
      id,
      key: id.slice(0, 5),
      address: `${id}@example.com`,
      receive: {
        transport: 'imap',
        connectionId: id,
        imap: { host: 'imap.example.com', port: 993, tls: 'implicit', folder: id },
        after: { action: 'leave' },
      },
    })
    await stores.tables.insert(stores.names.table('mailboxes'), toRow(mailbox))
    await connectAs(stores, id, { kind: 'anonymous' })
  }
  const imap: Receiver = {
    async open(target) {
      const id = target.transport === 'imap' ? target.imap.folder : ''
      if (slow.has(id)) await hangs
      done.push(id)
      if (done.length === 200 - hanging) letGo()
      return servers.get(id)!.open()
    },
  }
  const deps = { ...stores, receivers: everyReceiver(imap) }
  const job = { v: 1, mailboxes: boxes.map((mailboxId) => ({ tenant, mailboxId })) }
  // Nobody lets the hanging ones go before all others were reached: were one waited for, this would never end.
  const results = await pollBatch(deps, job)
  expect(results.filter(({ outcome }) => outcome === 'mail')).toHaveLength(200)
  expect(new Set(done.slice(0, 200 - hanging))).toEqual(new Set(boxes.filter((id) => !slow.has(id))))
})
