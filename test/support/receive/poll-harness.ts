/** The receive flow over one real transport, with stores in memory that outlive its processes. */

import { type PollResult, pollMailbox } from '../../../lib/flows/receive/poll-mailbox.js'
import { listReceived } from '../../../lib/flows/receive/received-list.js'
import { readReceivedRaw } from '../../../lib/flows/receive/received-read.js'
import type { ReceivedMail } from '../../../lib/flows/receive/received-view.js'
import type { Connection } from '../../../lib/model/connection.js'
import type { GatewayEvent } from '../../../lib/model/event.js'
import { newId } from '../../../lib/model/ids.js'
import type { AfterReceive } from '../../../lib/model/mailbox.js'
import type { FlowConfig } from '../../../lib/ports/flow-config.js'
import { newMemory } from '../../../lib/ports/memory.js'
import type { Row } from '../../../lib/ports/tables.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { connectAs } from '../connect/connect-as.js'
import type { ReceiverSubject } from '../contracts/receiver-subjects.js'
import { everyNotImported } from '../general/every.js'
import { sampleMailbox } from '../general/sample-mailbox.js'
import { everyReceiver, shipped } from '../general/toolbox.js'
import { memoryStores } from '../storage/memory-stores.js'

export interface PollHarness {
  /** One poll by a process that was just started, a little later than the last. */
  poll(options?: Parameters<typeof pollMailbox>[2]): Promise<PollResult>
  /** A poll whose process dies at its n-th request to storage. */
  pollAndDie(request: number): Promise<void>
  /** Two workers at the same time. */
  pollTwice(): Promise<PollResult[]>
  /** Message-IDs told to the application so far, in order. */
  told(): string[]
  /** The same with their event ids: one that is told again after a crash keeps its own. */
  toldEvents(): { messageId: string; eventId: string }[]
  /** Polls asked for at once, as of now. */
  queued(): unknown[]
  /** Milliseconds until the next poll is due. */
  dueInMs(): Promise<number>
  /** Rows of the receiving log. */
  log(): Promise<Row[]>
  list(): Promise<ReceivedMail[]>
  notImported(): Promise<ReceivedMail[]>
  raw(receivedId: string): Promise<Buffer>
}

export async function pollHarness(
  subject: Pick<ReceiverSubject, 'address' | 'receiver' | 'authority' | 'receive'> & { connection?: Connection },
  options: {
    after?: AfterReceive
    settings?: Partial<FlowConfig>
    inHand?: Toolbox['inHand']
  } = {},
): Promise<PollHarness> {
  let offset = 0
  const clock = { now: () => Date.now() + offset, sleep: async () => {} }
  const stores = await memoryStores(clock, {
    receivers: everyReceiver(subject.receiver),
    config: { ...shipped, maxMailBytes: 50_000_000, ...options.settings },
    ...(options.inHand && { inHand: options.inHand }),
  })
  const { names, tables, queues } = stores
  const tenant = 'acme'
  const { address, authority } = subject
  const connectionId = newId()
  const mailbox = sampleMailbox({
    address,
    receive: { ...subject.receive, connectionId, after: options.after ?? { action: 'leave' } },
    epoch: 0,
  })
  await tables.insert(names.table('mailboxes'), toRow(mailbox))
  const identity = { issuer: '', subject: '', username: address }
  await connectAs(stores, connectionId, authority, subject.connection ?? { identity })
  const process = (): Toolbox => ({ ...stores, worker: newId(), memory: newMemory() })
  const events: GatewayEvent<'mail.received'>[] = []
  const taken = () => {
    const told = queues.take(names.eventsQueue(tenant)) as GatewayEvent<'mail.received'>[]
    events.push(...told.filter(({ type }) => type === 'mail.received'))
    return events
  }
  return {
    poll(options) {
      offset += 61_000
      return pollMailbox(process(), { tenant, mailboxId: mailbox.id }, options)
    },
    async pollAndDie(request) {
      offset += 61_000
      const deps = dyingAt(request, process())
      await pollMailbox(deps, { tenant, mailboxId: mailbox.id }).catch((error: Error) => {
        if (error.message !== death) throw error
      })
    },
    pollTwice() {
      offset += 61_000
      return Promise.all([process(), process()].map((deps) => pollMailbox(deps, { tenant, mailboxId: mailbox.id })))
    },
    told: () => taken().map((event) => String(event.data['messageId'])),
    toldEvents: () => taken().map(({ id, data }) => ({ eventId: id, messageId: String(data['messageId']) })),
    queued: () => queues.take(names.queue('mailbox-poll')),
    async dueInMs() {
      let dueAt = Number.NaN
      for await (const row of tables.query(names.table('due'), { partitionRange: ['poll~', 'poll~~'] }))
        if (row.rowKey === `${tenant}~${mailbox.id}`) dueAt = Number(row['dueAt'])
      return dueAt - clock.now()
    },
    async log() {
      const rows: Row[] = []
      for (const table of await tables.list('testreceivinglog'))
        for await (const row of tables.query(table, { partitionRange: [`${tenant}~`, `${tenant}~~`] })) rows.push(row)
      return rows
    },
    list: async () => (await listReceived(process(), { tenant, mailboxId: mailbox.id }, { limit: 100 })).mails,
    notImported: () => everyNotImported(process(), tenant, mailbox.id),
    raw: async (id) => Buffer.from(await readReceivedRaw(process(), { tenant, mailboxId: mailbox.id, id })),
  }
}

const death = 'The process died'

/** Storage as a process sees it that dies: from this request on nothing reaches it any more. */
function dyingAt(request: number, deps: Toolbox): Toolbox {
  let seen = 0
  const dying = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name, receiver) {
        const member = Reflect.get(target, name, receiver) as unknown
        if (typeof member !== 'function') return member
        return (...input: unknown[]) => {
          if (++seen >= request) throw new Error(death)
          return member.apply(target, input) as unknown
        }
      },
    })
  return { ...deps, tables: dying(deps.tables), blobs: dying(deps.blobs), queues: dying(deps.queues) }
}
