/** One mailbox with real tables and blobs, a mail server in memory, and clocks that tests move. */
import { beforeAll, inject } from 'vitest'
import { pollMailbox } from '../../../lib/flows/receive/poll-mailbox.js'
import type { GatewayEvent } from '../../../lib/model/event.js'
import { newId } from '../../../lib/model/ids.js'
import type { AfterReceive, Mailbox } from '../../../lib/model/mailbox.js'
import { storageNames, tableNames } from '../../../lib/model/names.js'
import type { Row } from '../../../lib/ports/tables.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { mailboxPartition, toRow } from '../../../lib/rows/mailboxes.js'
import { azureBlobs } from '../../../lib/stores/azure-blobs.js'
import { azureTables } from '../../../lib/stores/azure-tables.js'
import { memoryQueues } from '../../../lib/stores/memory-queues.js'
import { connectAs } from '../connect/connect-as.js'
import { sampleMailbox } from '../general/sample-mailbox.js'
import { everyReceiver, shipped, toolbox } from '../general/toolbox.js'
import { ScriptedMailbox } from './scripted-mailbox.js'

const connectionString = inject('azurite')
export const names = storageNames(`r${newId().slice(0, 6)}`)
export const storage = { tables: azureTables({ connectionString }), blobs: azureBlobs({ connectionString }) }
export const hour = 3_600_000

/** Called before and after every request to storage, with its name. */
type Watch = (when: 'before' | 'after', request: string) => void

interface World {
  deps: Toolbox
  server: ScriptedMailbox
  mailbox: Mailbox
  events: GatewayEvent<'mail.received'>[]
  poll: (options?: { timeLimitMs?: number }) => ReturnType<typeof pollMailbox>
  /** Moves our clock and the storage server's. */
  pass: (ms: number) => void
  watch: (watch: Watch) => void
  row: () => Promise<Row | undefined>
  takeEvents: () => GatewayEvent<'mail.received'>[]
}

export async function world(after: AfterReceive = { action: 'leave' }, settings = {}): Promise<World> {
  let offset = 0
  let watch: Watch = () => {}
  const watched = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name, receiver) {
        const member = Reflect.get(target, name, receiver) as unknown
        if (typeof member !== 'function' || name === 'serverNow' || name === 'take') return member
        if (name === 'query' || name === 'list')
          return (...input: unknown[]) => {
            watch('before', String(name))
            return member.apply(target, input) as unknown
          }
        return async (...input: unknown[]) => {
          watch('before', String(name))
          const result = (await member.apply(target, input)) as unknown
          watch('after', String(name))
          return result
        }
      },
    })
  const queues = memoryQueues()
  const server = new ScriptedMailbox()
  const tenant = `t-${newId().slice(0, 12)}`
  const connectionId = newId()
  const mailbox = sampleMailbox({
    tenant,
    receive: {
      transport: 'imap',
      connectionId,
      imap: { host: 'imap.example.com', port: 993, tls: 'implicit', folder: 'INBOX' },
      after,
    },
  })
  await storage.tables.insert(names.table('mailboxes'), toRow(mailbox))
  const deps = toolbox({
    names,
    tables: {
      ...watched(storage.tables),
      ...Object.fromEntries(
        (['get', 'query', 'insert', 'update', 'upsert', 'remove', 'transaction', 'ensure'] as const).map((name) => [
          name,
          watched(storage.tables)[name],
        ]),
      ),
      serverNow: async () => (await storage.tables.serverNow()) + offset,
    },
    blobs: watched(storage.blobs),
    queues: watched(queues),
    clock: { now: () => Date.now() + offset, sleep: async () => {} },
    receivers: everyReceiver(server),
    config: { ...shipped, maxMailBytes: 1_000_000, ...settings },
  })
  await connectAs({ ...deps, ...storage }, connectionId, { kind: 'anonymous' }, { tenant })
  const events: GatewayEvent<'mail.received'>[] = []
  const takeEvents = (): GatewayEvent<'mail.received'>[] => {
    const taken = queues.take(names.eventsQueue(tenant)) as GatewayEvent<'mail.received'>[]
    events.push(...taken)
    return taken
  }
  return {
    deps,
    server,
    mailbox,
    events,
    poll: (options) => pollMailbox(deps, { tenant, mailboxId: mailbox.id }, options),
    pass: (ms) => {
      offset += ms
    },
    watch: (next) => {
      watch = next
    },
    row: () => storage.tables.get(names.table('mailboxes'), mailboxPartition(tenant, mailbox.id), 'receiving'),
    takeEvents,
  }
}

export async function rowsOf(table: string, partition: string): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of storage.tables.query(table, { partition })) rows.push(row)
  return rows
}

export async function dueAt(at: World): Promise<number> {
  for (let shard = 0; shard < 32; shard++) {
    const partition = `poll~${shard.toString(16).padStart(2, '0')}`
    const key = `${at.mailbox.tenant}~${at.mailbox.id}`
    const row = await storage.tables.get(names.table('due'), partition, key)
    if (row) return Number(row['dueAt'])
  }
  return Number.POSITIVE_INFINITY
}

/** The tables of this environment, once for the file. */
export function useReceiveStorage(): void {
  beforeAll(async () => {
    for (const name of tableNames) await storage.tables.ensure(names.table(name))
  })
}
