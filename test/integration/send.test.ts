import { QueueClient } from '@azure/storage-queue'
import { expect, inject, test } from 'vitest'
import { sendFlows } from '../../lib/flows/send/index.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { Secret } from '../../lib/secret.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { smtpSender } from '../../lib/transports/smtp-sender.js'
import { makeCertificates } from '../../local/emulators/certificate.js'
import { startScriptedSmtp } from '../../local/emulators/smtp/scripted-smtp.js'
import { connectAs } from '../support/connect/connect-as.js'
import { stopsAfterEach } from '../support/general/stops-after-each.js'
import { everySender } from '../support/general/toolbox.js'
import { sendHarness } from '../support/send/send-harness.js'
import { azuriteStores } from '../support/storage/azurite-stores.js'

const connectionString = inject('azurite')
const { acceptMail, drainLane, readMail, searchMails, sweepLanes } = sendFlows
const mailTo = (...to: string[]) => parseMailSubmission({ to, subject: 'Offer 7', text: 'Hello' })
const stops = stopsAfterEach()
const certificates = await makeCertificates()

async function onAzurite() {
  const stores = azuriteStores({ connectionString })
  const environment = `s${newId().slice(0, 6)}`
  const h = await sendHarness({ stores, environment, realTime: true })
  const work = { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id }
  return { ...h, work }
}

test('REL-12: 50 parallel posts with one key on real storage give one mail, sent once by four workers', async () => {
  const h = await onAzurite()
  const all = await Promise.all(
    Array.from({ length: 50 }, () =>
      acceptMail(h.process().deps, h.tenant, { submission: mailTo('b@b.example'), idempotencyKey: 'one-key' }),
    ),
  )
  expect(all.filter(({ created }) => created)).toHaveLength(1)
  await Promise.all(Array.from({ length: 4 }, () => drainLane(h.process().deps, h.work)))
  expect(h.peer.sent).toHaveLength(1)
  expect(await readMail(h.deps, h.tenant, all[0]!.mail.id)).toMatchObject({ state: 'sent' })
  expect((await searchMails(h.deps, h.tenant)).mails).toEqual([])
  expect((await searchMails(h.deps, h.tenant, { includeDone: true })).mails).toHaveLength(1)
  const events = new QueueClient(connectionString, h.deps.names.eventsQueue(h.tenant))
  const { receivedMessageItems } = await events.receiveMessages()
  const [event] = receivedMessageItems.map((item) => JSON.parse(Buffer.from(item.messageText, 'base64').toString()))
  expect(event).toMatchObject({ type: 'mail.sent', tenant: h.tenant, data: { mailId: all[0]!.mail.id } })
})

test('performance: at most 15 storage requests per mail in a backlog on real storage', async () => {
  const h = await onAzurite()
  const mails = 20
  for (let n = 0; n < mails; n++)
    await acceptMail(h.deps, h.tenant, {
      submission: parseMailSubmission({ ...mailTo(`r${n}@b.example`), mailboxId: h.mailbox.id }),
    })
  await drainLane(h.deps, h.work)
  expect(h.peer.sent.map((mail) => mail.recipients[0])).toHaveLength(mails)
  // And one look at the connection.
  expect(h.state.calls).toBeLessThanOrEqual(15 * mails + 1)
})

test('D5: on real storage finished and open mail is found, page by page, and the next tenant finds nothing', async () => {
  const h = await onAzurite()
  h.deps.config.keepSubject = 'yes'
  const submit = async (n: number, hold = false) => {
    const mail = {
      to: ['Ana@b.example', `r${n}@b.example`],
      subject: `Offer Nº ${n}`,
      metadata: { offer: `${n}` },
      hold,
    }
    return (
      await acceptMail(h.deps, h.tenant, {
        submission: parseMailSubmission({ ...mail, mailboxId: h.mailbox.id }),
        idempotencyKey: `key-${n}`,
      })
    ).mail
  }
  const mails = []
  for (let n = 0; n < 25; n++) mails.push(await submit(n))
  await drainLane(h.deps, h.work)
  mails.push(await submit(25, true))
  const found: string[] = []
  for (let after = '', pages = 0; pages === 0 || after !== ''; pages++) {
    const page = await searchMails(h.deps, h.tenant, { recipient: 'ana@b.example', limit: 10, after })
    expect(page.mails.length).toBeLessThanOrEqual(10)
    found.push(...page.mails.map(({ id }) => id))
    after = page.next
  }
  expect([...found].sort()).toEqual(mails.map(({ id }) => id).sort())
  const ids = async (search: object, tenant = h.tenant) =>
    (await searchMails(h.deps, tenant, search)).mails.map(({ id }) => id)
  const [first] = mails as [(typeof mails)[number]]
  for (const search of [
    { recipient: 'r0@b.example' },
    { subject: 'offer no 0' },
    { messageId: first.messageId },
    { idempotencyKey: 'key-0' },
    { metadata: { key: 'offer', value: '0' } },
  ]) {
    expect(await ids(search), JSON.stringify(search)).toEqual([first.id])
    expect(await ids(search, 'other'), JSON.stringify(search)).toEqual([])
  }
  expect(await ids({ state: 'held' })).toEqual([mails[25]?.id])
  expect(await ids({ state: 'failed' })).toEqual([])
})

test('M-026, M-031, SEC-30: seven mails reach a real SMTP server over three sessions, blind copies unseen', async () => {
  const h = await onAzurite()
  const server = await startScriptedSmtp({ tls: certificates, implicitTls: true })
  stops.push(() => server.stop())
  const sender = smtpSender({ lookup: guardedLookup({ allowLoopback: true }), rootCa: certificates.ca })
  const { deps } = h
  deps.senders = everySender(sender)
  const connectionId = newId()
  await connectAs(deps, connectionId, { kind: 'password', user: 'sales@acme.example', password: new Secret('canary') })
  const send = {
    transport: 'smtp',
    connectionId,
    smtp: { host: 'localhost', port: server.port, tls: 'implicit', messagesPerSession: 3 },
  }
  await h.stores.tables.upsert(deps.names.table('mailboxes'), {
    partitionKey: `${h.tenant}~${h.mailbox.id}`,
    rowKey: 'mailbox',
    send: JSON.stringify(send),
  })
  const ids: string[] = []
  for (let n = 0; n < 7; n++) {
    const mail = parseMailSubmission({ ...mailTo(`r${n}@b.example`), bcc: ['secret@c.example'] })
    ids.push((await acceptMail(deps, h.tenant, { submission: mail })).mail.id)
  }
  await drainLane(deps, h.work)
  for (const id of ids) expect(await readMail(deps, h.tenant, id)).toMatchObject({ state: 'sent', attempts: 1 })
  const perConnection = [1, 2, 3].map((n) => server.mails.filter((mail) => mail.connection === n).length)
  expect(perConnection).toEqual([3, 3, 1])
  for (const mail of server.mails) expect(String(mail.raw)).not.toContain('secret@c.example')
})

test('M-036: 40 MB are refused before anything is kept or sent, and the limit is named', async () => {
  const h = await onAzurite()
  const content = Buffer.alloc(40 * 1024 * 1024).toString('base64')
  const attachments = [{ filename: 'a.bin', contentType: 'application/octet-stream', content }]
  const mail = parseMailSubmission({ ...mailTo('b@b.example'), attachments })
  await expect(acceptMail(h.deps, h.tenant, { submission: mail })).rejects.toMatchObject({
    code: 'mail_too_large',
    class: 'permanent',
    status: 413,
    description: expect.stringContaining('at most 35.0 MiB'),
  })
  // Looked up in tables, so that every bad field is one answer; no content, no work.
  expect(Object.keys(h.state.byStore)).toEqual(['tables'])
  await drainLane(h.deps, h.work)
  expect(h.peer.sent).toEqual([])
})

test('M-040: a lane left behind by a crash is found by the timer', async () => {
  const h = await onAzurite()
  const { mail } = await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
  let due = 0
  const clock = { ...h.clock, now: () => Date.now() + due }
  const deps = { ...h.deps, clock }
  expect(await sweepLanes(deps)).toBe(0)
  due = 6 * 60_000
  expect(await sweepLanes(deps)).toBe(1)
  await drainLane(deps, h.work)
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'sent' })
})
