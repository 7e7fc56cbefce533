/** Nobody asks more of a provider than it grants (REL-09), and nobody waits for somebody else's slow server (REL-27). */
import { expect, test } from 'vitest'
import { toRow } from '../../lib/flows/common/mailbox-rows.js'
import { pollBatch } from '../../lib/flows/receive/poll-batch.js'
import type { ReceiveDependencies } from '../../lib/flows/receive/receive-dependencies.js'
import { sendFlows } from '../../lib/flows/send/index.js'
import type { Connection } from '../../lib/model/connection.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import type { Receiver } from '../../lib/ports/receiver.js'
import type { Sender } from '../../lib/ports/sender.js'
import { graphReceiver } from '../../lib/transports/graph-receiver.js'
import { memoryStores } from '../support/memory-stores.js'
import { startMicrosoft365 } from '../support/microsoft-365.js'
import { pollSettings } from '../support/poll-settings.js'
import { sampleMailbox } from '../support/sample-mailbox.js'
import { ScriptedMailbox } from '../support/scripted-mailbox.js'
import { sendHarness } from '../support/send-harness.js'
import { graphSubject, type SenderSubject, smtpSubject } from '../support/sender-subjects.js'

const { acceptMail, drainLane, readMail } = sendFlows

/** Counts sessions and hand-overs that are open at once. */
function watched(sender: Sender) {
  const most = { sessions: 0, sends: 0, total: 0 }
  const now = { sessions: 0, sends: 0 }
  const counted: Sender = {
    ...sender,
    async open(...input) {
      const session = await sender.open(...input)
      most.total += 1
      most.sessions = Math.max(most.sessions, ++now.sessions)
      return {
        async send(...mail) {
          most.sends = Math.max(most.sends, ++now.sends)
          try {
            return await session.send(...mail)
          } finally {
            now.sends -= 1
          }
        },
        async close() {
          now.sessions -= 1
          await session.close()
        },
      }
    },
  }
  return { counted, most }
}

const servers: [string, () => Promise<SenderSubject>, number][] = [
  ['Graph', graphSubject, 90],
  ['SMTP', () => smtpSubject('password'), 60],
]

test.each(servers)('REL-09: many workers on one mailbox over %s are one lane', async (over, start, mails) => {
  const peer = await start()
  const { counted, most } = watched(peer.sender)
  const h = await sendHarness()
  const { tenant, mailbox } = h
  const key = { partitionKey: `${tenant}~${mailbox.id}`, rowKey: 'mailbox' }
  const send = JSON.stringify(peer.send(newId()))
  await h.stores.tables.upsert(h.deps.names.table('mailboxes'), { ...key, address: peer.from, send })
  const worker = () => {
    const { deps } = h.process()
    const connection = async () =>
      ({ state: 'connected', provider: 'microsoft', identity: { username: peer.from } }) as Connection
    return Object.assign(deps, {
      senders: { smtp: counted, graph: counted },
      authority: async () => peer.authority,
      connection,
    })
  }
  const ids: string[] = []
  for (let n = 0; n < mails; n++) {
    const submission = parseMailSubmission({
      to: ['kim@example.net'],
      subject: `${n}`,
      text: 'x',
      mailboxId: mailbox.id,
    })
    ids.push((await acceptMail(worker(), tenant, submission)).mail.id)
  }
  const perMinute: number[] = []
  while (peer.inbox('kim@example.net').length < mails && perMinute.length < mails) {
    const before = peer.inbox('kim@example.net').length
    // Queue messages arrive twice, late and side by side.
    for (let round = 0; round < 2; round++)
      await Promise.all(Array.from({ length: 4 }, () => drainLane(worker(), { v: 1, tenant, mailboxId: mailbox.id })))
    perMinute.push(peer.inbox('kim@example.net').length - before)
    h.clock.advance(60_000)
  }
  expect(peer.inbox('kim@example.net')).toHaveLength(mails)
  expect(Math.max(...perMinute)).toBeLessThanOrEqual(30)
  expect(most).toMatchObject({ sessions: 1, sends: 1 })
  if (over === 'SMTP') expect(most.total).toBe(mails / 3)
  for (const id of ids) expect(await readMail(h.deps, tenant, id)).toMatchObject({ state: 'sent', attempts: 1 })
  await peer.stop()
})

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
  const deps: ReceiveDependencies = {
    ...stores,
    receivers: { imap, graph: imap },
    authority: async () => ({ kind: 'anonymous' }),
    connection: async () => undefined,
    settings: { ...pollSettings, maxMailBytes: 1_000_000 },
  }
  const job = { v: 1, mailboxes: boxes.map((mailboxId) => ({ tenant, mailboxId, epoch: 0 })) }
  // Nobody lets the hanging ones go before all others were reached: were one waited for, this would never end.
  const results = await pollBatch(deps, job)
  expect(results.filter(({ outcome }) => outcome === 'mail')).toHaveLength(200)
  expect(new Set(done.slice(0, 200 - hanging))).toEqual(new Set(boxes.filter((id) => !slow.has(id))))
})
