/** R1 and R3: the real poll on in-memory stores over a TLS IMAP server, against a bare imapflow loop to the same server. */

import { ImapFlow } from 'imapflow'
import { receiveFlows } from '../../lib/flows/receive/index.js'
import { newId } from '../../lib/model/ids.js'
import type { Message } from '../../lib/model/messages.js'
import type { Toolbox } from '../../lib/ports/toolbox.js'
import { setDue } from '../../lib/rows/due.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { Secret } from '../../lib/secret.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../lib/transports/imap-receiver.js'
import { connectAs } from '../support/connect/connect-as.js'
import { sampleMailbox } from '../support/general/sample-mailbox.js'
import { everyReceiver } from '../support/general/toolbox.js'
import { memoryStores } from '../support/storage/memory-stores.js'
import type { Delivery } from './imap-peer.js'
import { type BenchRow, each, figure, interleave, rounded, timed } from './measure.js'
import { startPeer } from './peers.js'

export interface Server {
  port: number
  ca: string
}

const tenant = 'acme'
const atOnce = 40

export async function benchReceiveNew(rounds: number): Promise<BenchRow> {
  const [mailboxes, own] = [50, 20]
  const peer = await startPeer<Server>('imap-peer')
  try {
    let round = 0
    let users: string[] = []
    const results = await interleave(
      rounds,
      async () => {
        round += 1
        users = Array.from({ length: mailboxes }, (_, n) => `box-${round}-${n}@acme.example`)
        const world = await pollingGateway(peer.hello, users)
        await world.tick()
        await peer.ask({ users, mails: own } satisfies Delivery)
        let events = 0
        const sample = await timed(async () => {
          events = await world.tick()
        })
        if (events !== mailboxes * own) throw new Error(`${events} of ${mailboxes * own} mails were told`)
        return sample
      },
      () => timed(() => each(users.length, atOnce, (n) => bareCycle(peer.hello, users[n] ?? '', own))),
    )
    const subject = figure(results.subject.map((sample) => sample.ms))
    const baseline = figure(results.baseline.map((sample) => sample.ms))
    const factor = subject.median / baseline.median
    const cpu = figure(results.subject.map((sample) => sample.cpuMs)).median
    const bareCpu = figure(results.baseline.map((sample) => sample.cpuMs)).median
    return {
      id: 'R1',
      workload: `${mailboxes * own} new mails of 5 KB over ${mailboxes} IMAP mailboxes, from the timer to the last event, in-memory stores`,
      reference: 'imapflow: connect, log in, select, fetch all, log out',
      unit: 'ms',
      subject,
      baseline,
      target: '<= 3 x the loop',
      verdict: `${factor <= 3 ? 'met' : 'missed'}: ${rounded(factor)} x`,
      note: `R1 in CPU time: ${rounded(cpu)} ms for the thousand, the bare loop ${rounded(bareCpu)} ms. Both keep up to ${atOnce} connections; the server is a process of its own on the same cores. Beyond the fetch, the gateway parses each mail, stores it, writes its row and its log and tells it.`,
      more: { cpuMs: cpu, bareCpuMs: bareCpu },
    }
  } finally {
    peer.stop()
  }
}

export async function benchReceiveIdle(rounds: number): Promise<BenchRow> {
  const mailboxes = 200
  const peer = await startPeer<Server>('imap-peer')
  try {
    const users = Array.from({ length: mailboxes }, (_, n) => `box-${n}@acme.example`)
    const world = await pollingGateway(peer.hello, users)
    await world.tick()
    const results = await interleave(
      rounds,
      () => timed(() => world.tick()),
      () => timed(() => each(mailboxes, atOnce, (n) => bareCycle(peer.hello, users[n] ?? '', 0))),
    )
    const perMailbox = (sample: { cpuMs: number }): number => sample.cpuMs / mailboxes
    const subject = figure(results.subject.map(perMailbox))
    const baseline = figure(results.baseline.map(perMailbox))
    const factor = subject.median / baseline.median
    return {
      id: 'R3',
      workload: `${mailboxes} silent IMAP mailboxes, one poll each over TLS, in-memory stores`,
      reference: 'imapflow: connect, log in, select, ask for new mail, log out',
      unit: 'ms CPU per mailbox',
      subject,
      baseline,
      target: 'client CPU <= 1.3 x',
      verdict: `${factor <= 1.3 ? 'met' : 'missed'}: ${rounded(factor)} x`,
      note: '',
      more: {},
    }
  } finally {
    peer.stop()
  }
}

/** What a small program would do: no cursor, no limits, nothing stored. */
async function bareCycle({ port, ca }: Server, user: string, expected: number): Promise<void> {
  const auth = { user, pass: 'bench' }
  const client = new ImapFlow({ host: 'localhost', port, secure: true, auth, tls: { ca }, logger: false })
  await client.connect()
  await client.mailboxOpen('INBOX')
  const uids = (await client.search({ uid: '1:*' }, { uid: true })) || []
  const mails = uids.length === 0 ? [] : await client.fetchAll(uids, { uid: true, source: true }, { uid: true })
  if (mails.length !== expected) throw new Error(`${mails.length} of ${expected} mails were fetched`)
  await client.logout()
}

/** Mailboxes on stores in memory; a minute passes between two ticks. */
export async function pollingGateway({ port, ca }: Server, users: string[], over: Partial<Toolbox> = {}) {
  let offset = 0
  const clock = { now: () => Date.now() + offset, sleep: async () => {} }
  const stores = await memoryStores(clock)
  const { names, tables, queues } = stores
  const lookup = guardedLookup({ allowLoopback: true, resolve: async () => [{ address: '127.0.0.1', family: 4 }] })
  const receiver = imapReceiver({ lookup, rootCa: ca })
  const deps = { ...stores, receivers: everyReceiver(receiver), ...over }
  const ids: string[] = []
  for (const [n, address] of users.entries()) {
    const connectionId = newId()
    await connectAs(
      stores,
      connectionId,
      { kind: 'password', user: address, password: new Secret('bench') },
      { tenant },
    )
    const mailbox = sampleMailbox({
      tenant,
      key: `b${n}`,
      address,
      receive: {
        transport: 'imap',
        connectionId,
        imap: { host: 'localhost', port, tls: 'implicit', folder: 'INBOX' },
      },
      epoch: 0,
    })
    await tables.insert(names.table('mailboxes'), toRow(mailbox))
    ids.push(mailbox.id)
  }
  return {
    /** From the timer to the last event; returns how many mails were told. */
    async tick(isWhole = true): Promise<number> {
      offset += 61_000
      for (const id of ids) await setDue(deps, { kind: 'poll', tenant, id }, clock.now())
      await receiveFlows.mailboxesDue(deps)
      let polled = 0
      for (const job of queues.take<Message<'mailbox-poll'>>(names.queue('mailbox-poll'))) {
        const polls = await receiveFlows.pollBatch(deps, job)
        polled += polls.filter(({ outcome }) => outcome === 'idle' || outcome === 'mail').length
      }
      if (isWhole && polled !== ids.length) throw new Error(`${polled} of ${ids.length} mailboxes were polled`)
      return queues.take(names.eventsQueue(tenant)).length
    },
  }
}
