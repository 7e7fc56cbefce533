/**
 * Mailboxes as people see them. The row `mailbox` is written by people only; what workers know (last poll, gate,
 * counters) stands in rows of their own and is read beside it.
 */
import { notFound } from '../../errors.js'
import { type AttentionItem, attentionActions, concerns } from '../../model/attention.js'
import type { Connection, ConnectionState } from '../../model/connection.js'
import { isId } from '../../model/ids.js'
import { connectionIdsOf, type Mailbox } from '../../model/mailbox.js'
import { type MailboxHealth, mailboxHealth } from '../../model/mailbox-health.js'
import { type MailboxWarning, mailboxWarnings } from '../../model/mailbox-warnings.js'
import type { PageQuery } from '../../model/page.js'
import type { Row } from '../../ports/tables.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { attentionOfMailboxes } from '../../rows/attention.js'
import { readConnection } from '../../rows/connections.js'
import { mapInBatches } from '../../rows/delete-rows.js'
import { holderId, isHeldBy, readHolder } from '../../rows/holders.js'
import { laneKey, laneOpensAt, laneState } from '../../rows/lane.js'
import { fromRow, mailboxPartition, mailboxRowKey } from '../../rows/mailboxes.js'
import { behind, besidePage, pageOfPartitions } from '../../rows/page-of-rows.js'
import { receivingRowKey } from '../../rows/receiving-state.js'

export interface Direction {
  transport: 'none' | 'graph' | 'imap' | 'smtp'
  /** ISO date of the last success; empty when there was none. */
  lastSuccess: string
  lastMail: string
  failures: number
  /** What is wrong now, in plain words; empty when it works. */
  problem: string
}

export interface MailboxFacts extends Mailbox {
  isDefault: boolean
  /** The worst that is known of it, in one word. */
  health: MailboxHealth
  /** What is broken that this mailbox suffers from: its own troubles, its connections', their registrations'. */
  attention: AttentionItem[]
  /** Who holds the address when it is not this mailbox; empty when all is well. */
  heldBy: string
  connectionState: ConnectionState | 'none'
  connectionReason: string
  receiving: Direction
  /**
   * `nextTry`: ISO date before which nothing is sent; empty: at once, or not before somebody acted.
   * `refusedMails`: mails the server refused permanently since the last one it took, the latest at `lastRefused`.
   */
  sending: Direction & { gate: 'open' | 'closed'; nextTry: string; refusedMails: number; lastRefused: string }
  warnings: MailboxWarning[]
}

export interface MailboxPage {
  mailboxes: MailboxFacts[]
  next: string
}

/**
 * In the order of their ids. A page costs a few range reads, and for each of its mailboxes one read of who holds the
 * address and two for each connection, whatever else the tenant has.
 */
export async function listMailboxFacts(deps: Toolbox, tenant: string, page: PageQuery): Promise<MailboxPage> {
  const table = deps.names.table('mailboxes')
  const { rows, next } = await pageOfPartitions(deps, table, { tenant, rowKey: mailboxRowKey }, page)
  const [lanes, receiving] = await Promise.all([
    besidePage(deps, table, rows, { rowRange: [laneKey, behind(laneKey)] }),
    besidePage(deps, table, rows, { rowRange: [receivingRowKey, behind(receivingRowKey)], select: receivingColumns }),
  ])
  const partitions = rows.map((row) => [
    row,
    ...(lanes.get(row.partitionKey) ?? []),
    ...(receiving.get(row.partitionKey) ?? []),
  ])
  return { mailboxes: await factsOf(deps, tenant, partitions), next }
}

/** All but the cursor, which is most of the row. */
const receivingColumns = ['failures', 'polledAt', 'lastSuccessAt', 'lastMailAt', 'problem']

export async function readMailboxFacts(deps: Toolbox, tenant: string, id: string): Promise<MailboxFacts> {
  const [facts] = await factsOf(deps, tenant, [await rowsOf(deps, tenant, id)])
  if (facts === undefined) throw notFound('mailbox')
  return facts
}

async function rowsOf(deps: Toolbox, tenant: string, id: string): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of deps.tables.query(deps.names.table('mailboxes'), { partition: mailboxPartition(tenant, id) }))
    rows.push(row)
  return rows
}

/** The mailbox a mail leaves from, as far as it says why mail waits. */
export type MailboxPlace = Pick<MailboxFacts, 'id' | 'address' | 'active' | 'sending'>

/** One read for each; one that was removed is left out. */
export async function readMailboxPlaces(
  deps: Toolbox,
  tenant: string,
  ids: readonly string[],
): Promise<MailboxPlace[]> {
  const found = await mapInBatches([...new Set(ids)].filter(isId), async (id) => {
    const rows = await rowsOf(deps, tenant, id)
    const row = rows.find((one) => one.rowKey === mailboxRowKey)
    if (row === undefined) return []
    const mailbox = fromRow(row)
    return [{ id, address: mailbox.address, active: mailbox.active, ...sidesOf(deps.clock.now(), mailbox, rows) }]
  })
  return found.flat()
}

/** Most names of mailboxes to choose one from; a request of the storage gives so many. */
const mostNames = 1_000

/** By address. */
export async function listMailboxNames(deps: Toolbox, tenant: string): Promise<{ id: string; address: string }[]> {
  const { rows } = await pageOfPartitions(
    deps,
    deps.names.table('mailboxes'),
    { tenant, rowKey: mailboxRowKey, select: ['address'] },
    { limit: mostNames - 1 },
  )
  const names = rows.map((row) => ({
    id: row.partitionKey.slice(tenant.length + 1),
    address: String(row['address'] ?? ''),
  }))
  return names.sort((a, b) => a.address.localeCompare(b.address))
}

export async function defaultMailboxId(deps: Toolbox, tenant: string): Promise<string> {
  return String((await deps.tables.get(deps.names.table('names'), tenant, 'default'))?.['mailboxId'] ?? '')
}

/** Of each partition that holds a mailbox. */
async function factsOf(deps: Toolbox, tenant: string, partitions: Row[][]): Promise<MailboxFacts[]> {
  const found = partitions.flatMap((rows) => {
    const row = rows.find((one) => one.rowKey === mailboxRowKey)
    return row === undefined ? [] : [{ mailbox: fromRow(row), rows }]
  })
  const all = await connectionsOf(deps, tenant, found)
  const mailboxIds = found.map(({ mailbox }) => mailbox.id)
  const [defaultId, cards, holders] = await Promise.all([
    defaultMailboxId(deps, tenant),
    attentionOfMailboxes(deps, tenant, { mailboxIds, connections: [...all.values()] }),
    mapInBatches(found, ({ mailbox }) => heldElsewhere(deps, mailbox)),
  ])
  return found.map(({ mailbox, rows }, at) => {
    const connections = connectionIdsOf(mailbox).flatMap((id) => all.get(id) ?? [])
    // Each direction may have its own connection; the one that does not work is the one people must hear of.
    const connection = connections.find(({ state }) => state !== 'connected') ?? connections[0]
    const attention = cards
      .filter((item) => concerns(item, { id: mailbox.id, connections }))
      .map((item) => ({ ...item, actions: attentionActions(item, mailbox.id) }))
    const sides = sidesOf(deps.clock.now(), mailbox, rows)
    const connectionStates = connections.map(({ state }) => state)
    return {
      ...mailbox,
      isDefault: mailbox.id === defaultId,
      health: mailboxHealth({ active: mailbox.active, connectionStates, attention, ...sides }),
      attention,
      heldBy: holders[at] ?? '',
      connectionState: connection?.state ?? 'none',
      connectionReason: connection?.reason ?? '',
      ...sides,
      warnings: mailboxWarnings(connection?.mode, [mailbox.receive, mailbox.send]),
    }
  })
}

function sidesOf(now: number, { receive, send }: Mailbox, rows: Row[]): Pick<MailboxFacts, 'receiving' | 'sending'> {
  const receiving = rows.find((one) => one.rowKey === receivingRowKey)
  const lane = rows.find((one) => one.rowKey === laneKey)
  return {
    receiving: {
      transport: receive.transport,
      lastSuccess: isoOf(receiving?.[Number(receiving['failures'] ?? 0) === 0 ? 'polledAt' : 'lastSuccessAt']),
      lastMail: isoOf(receiving?.['lastMailAt']),
      failures: Number(receiving?.['failures'] ?? 0),
      problem: String(receiving?.['problem'] ?? ''),
    },
    sending: {
      transport: send.transport,
      lastSuccess: isoOf(lane?.['lastSuccess']),
      lastMail: isoOf(lane?.['lastSuccess']),
      failures: Number(lane?.['failures'] ?? 0),
      gate: lane?.['gate'] === 'closed' ? ('closed' as const) : ('open' as const),
      problem: String((lane?.[lane['gate'] === 'closed' ? 'gateReason' : 'failure'] || lane?.['refusal']) ?? ''),
      nextTry: nextTry(now, lane),
      refusedMails: Number(lane?.['refused'] ?? 0),
      lastRefused: isoOf(lane?.['refusedAt']),
    },
  }
}

/** Of all these mailboxes, each once. */
async function connectionsOf(
  deps: Toolbox,
  tenant: string,
  found: readonly { mailbox: Mailbox }[],
): Promise<Map<string, Connection>> {
  const ids = [...new Set(found.flatMap(({ mailbox }) => connectionIdsOf(mailbox)))]
  const read = await mapInBatches(ids, (id) => readConnection(deps, tenant, id))
  return new Map(read.flatMap((one) => (one === undefined ? [] : [[one.id, one]])))
}

function nextTry(now: number, lane: Row | undefined): string {
  if (lane === undefined) return ''
  const at = laneOpensAt(laneState(lane), now)
  return at > 0 && Number.isFinite(at) ? isoOf(at) : ''
}

async function heldElsewhere(deps: Toolbox, { tenant, id, address }: Mailbox): Promise<string> {
  const holder = await readHolder(deps, holderId(address))
  // That another tenant has it is no business of this one's.
  if (holder === undefined || holder.tenant !== tenant || isHeldBy(deps, holder, tenant, id)) return ''
  return `environment ${holder.environment}, mailbox ${holder.mailboxId}`
}

function isoOf(value: unknown): string {
  if (typeof value === 'number') return value > 0 ? new Date(value).toISOString() : ''
  return typeof value === 'string' ? value : ''
}
