import { pollMailbox } from '../../../lib/flows/receive/poll-mailbox.js'
import type { GatewayEvent } from '../../../lib/model/event.js'
import { newId } from '../../../lib/model/ids.js'
import type { FlowConfig } from '../../../lib/ports/flow-config.js'
import { mailboxPartition, toRow } from '../../../lib/rows/mailboxes.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { connectAs } from '../connect/connect-as.js'
import { everyNotImported } from '../general/every.js'
import { sampleMailbox } from '../general/sample-mailbox.js'
import { everyReceiver, shipped } from '../general/toolbox.js'
import { memoryStores } from '../storage/memory-stores.js'
import { ScriptedMailbox } from './scripted-mailbox.js'

/** One mailbox, polled a minute apart by processes that can be killed: nothing of a dead one reaches storage any more. */
const minute = 60_000

export async function pollWorld(settings: Partial<FlowConfig> = {}) {
  let now = Date.now()
  let dead = false
  const clock = { now: () => now, sleep: async () => {} }
  const stores = await memoryStores(clock)
  const server = new ScriptedMailbox()
  const tenant = 'acme'
  const imap = { host: 'imap.example.com', port: 993, tls: 'implicit', folder: 'INBOX' } as const
  const connectionId = newId()
  const mailbox = sampleMailbox({
    tenant,
    receive: { transport: 'imap', connectionId, imap, after: { action: 'leave' } },
  })
  await stores.tables.insert(stores.names.table('mailboxes'), toRow(mailbox))
  await connectAs(stores, connectionId, { kind: 'anonymous' })
  /** Nothing of a process that died reaches storage any more. */
  const alive = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name, receiver) {
        const member = Reflect.get(target, name, receiver) as unknown
        if (typeof member !== 'function') return member
        return (...input: unknown[]) => {
          if (dead) throw new Error('killed')
          return member.apply(target, input) as unknown
        }
      },
    })
  const deps = {
    ...stores,
    tables: alive(stores.tables),
    blobs: alive(stores.blobs),
    queues: alive(stores.queues),
    receivers: everyReceiver(server),
    config: { ...shipped, maxMailBytes: 50_000_000, ...settings },
  }
  const told: string[] = []
  const changes: GatewayEvent<'connection.changed'>['data'][] = []
  const quarantinings: GatewayEvent<'mail.quarantined'>[] = []
  const { names, tables } = stores
  const row = () => tables.get(names.table('mailboxes'), mailboxPartition(tenant, mailbox.id), 'receiving')
  const at = {
    server,
    row,
    deps,
    tenant,
    mailbox,
    deaths: 0,
    pass: (ms: number) => {
      now += ms
    },
    die: (): never => {
      dead = true
      throw new Error('killed')
    },
    async poll() {
      now += 61_000
      const result = await pollMailbox(deps, { tenant, mailboxId: mailbox.id }).catch((error: Error) => {
        if (error.message !== 'killed') throw error
        return undefined
      })
      if (result === undefined || dead) at.deaths++
      dead = false
      const all = (stores.queues as MemoryQueues).take(names.eventsQueue(tenant)) as GatewayEvent[]
      for (const event of all)
        if (event.type === 'connection.changed') changes.push(event.data as (typeof changes)[number])
      for (const event of all)
        if (event.type === 'mail.quarantined') quarantinings.push(event as GatewayEvent<'mail.quarantined'>)
      const events = all.filter((event) => event.type === 'mail.received') as GatewayEvent<'mail.received'>[]
      told.push(...events.map((event) => /\d+/.exec(String(event.data['messageId']))?.[0] ?? ''))
      return result
    },
    told: () => told.map(Number).sort((a, b) => a - b),
    changes,
    /** Events mail.quarantined. */
    quarantinings,
    dueInMinutes: async () => {
      let at = 0
      for await (const one of tables.query(names.table('due'), { partitionRange: ['poll~', 'poll~~'] }))
        at = Number(one['dueAt'])
      return (at - now) / minute
    },
    quarantined: () => everyNotImported(deps, tenant, mailbox.id),
    attention: async () => {
      const rows: string[] = []
      for await (const one of tables.query(names.table('attention'), { partition: tenant })) rows.push(one.rowKey)
      return rows
    },
  }
  return at
}
