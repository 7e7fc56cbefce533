/**
 * Mailboxes as people see them. The row `mailbox` is written by people only; what workers know (last poll, gate,
 * counters) stands in rows of their own and is read beside it.
 */
import { notFound } from '../../errors.js'
import { type AttentionItem, attentionActions, concerns } from '../../model/attention.js'
import type { Connection, ConnectionState } from '../../model/connection.js'
import type { Mailbox } from '../../model/mailbox.js'
import { type MailboxHealth, mailboxHealth } from '../../model/mailbox-health.js'
import { type MailboxWarning, mailboxWarnings } from '../../model/mailbox-warnings.js'
import type { Row } from '../../ports/tables.js'
import { readAttention } from '../common/attention.js'
import { readConnection } from '../common/connection-rows.js'
import type { Dependencies } from '../common/dependencies.js'
import { holderId, isHeldBy, readHolder } from '../common/holders.js'
import { fromRow, mailboxPartition, mailboxRowKey } from '../common/mailbox-rows.js'
import { receivingRowKey } from '../receive/receiving-state.js'
import { laneKey, laneOpensAt, laneState } from '../send/lane.js'

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
   * `refusedMails`: mails the server refused for good since the last one it took, the latest at `lastRefused`.
   */
  sending: Direction & { gate: 'open' | 'closed'; nextTry: string; refusedMails: number; lastRefused: string }
  warnings: MailboxWarning[]
}

export async function listMailboxFacts(deps: Dependencies, tenant: string): Promise<MailboxFacts[]> {
  const rows = new Map<string, Row[]>()
  for await (const row of deps.tables.query(deps.names.table('mailboxes'), {
    partitionRange: [`${tenant}~`, `${tenant}~~`],
  }))
    rows.set(row.partitionKey, [...(rows.get(row.partitionKey) ?? []), row])
  const beside = await readBeside(deps, tenant)
  const facts = await Promise.all([...rows.values()].map((partition) => factsOf(deps, partition, beside)))
  return facts.filter((one) => one !== undefined).sort((a, b) => a.address.localeCompare(b.address))
}

export async function readMailboxFacts(deps: Dependencies, tenant: string, id: string): Promise<MailboxFacts> {
  const rows: Row[] = []
  for await (const row of deps.tables.query(deps.names.table('mailboxes'), { partition: mailboxPartition(tenant, id) }))
    rows.push(row)
  const facts = await factsOf(deps, rows, await readBeside(deps, tenant))
  if (facts === undefined) throw notFound('mailbox')
  return facts
}

/** What is known of all mailboxes of a tenant together. */
interface Beside {
  defaultId: string
  attention: AttentionItem[]
}

async function readBeside(deps: Dependencies, tenant: string): Promise<Beside> {
  const [defaultId, attention] = await Promise.all([defaultMailboxId(deps, tenant), readAttention(deps, tenant)])
  return { defaultId, attention }
}

export async function defaultMailboxId(deps: Dependencies, tenant: string): Promise<string> {
  return String((await deps.tables.get(deps.names.table('names'), tenant, 'default'))?.['mailboxId'] ?? '')
}

async function factsOf(deps: Dependencies, rows: Row[], beside: Beside): Promise<MailboxFacts | undefined> {
  const row = rows.find((one) => one.rowKey === mailboxRowKey)
  if (row === undefined) return undefined
  const mailbox = fromRow(row)
  const receiving = rows.find((one) => one.rowKey === receivingRowKey)
  const lane = rows.find((one) => one.rowKey === laneKey)
  const connections = await connectionsOf(deps, mailbox)
  // Each direction may have its own connection; the one that does not work is the one people must hear of.
  const connection = connections.find(({ state }) => state !== 'connected') ?? connections[0]
  const attention = beside.attention
    .filter((item) => concerns(item, { id: mailbox.id, connections }))
    .map((item) => ({ ...item, actions: attentionActions(item, mailbox.id) }))
  const sides = {
    receiving: {
      transport: mailbox.receive.transport,
      lastSuccess: isoOf(receiving?.[Number(receiving['failures'] ?? 0) === 0 ? 'polledAt' : 'lastSuccessAt']),
      lastMail: isoOf(receiving?.['lastMailAt']),
      failures: Number(receiving?.['failures'] ?? 0),
      problem: String(receiving?.['problem'] ?? ''),
    },
    sending: {
      transport: mailbox.send.transport,
      lastSuccess: isoOf(lane?.['lastSuccess']),
      lastMail: isoOf(lane?.['lastSuccess']),
      failures: Number(lane?.['failures'] ?? 0),
      gate: lane?.['gate'] === 'closed' ? ('closed' as const) : ('open' as const),
      problem: String((lane?.[lane['gate'] === 'closed' ? 'gateReason' : 'failure'] || lane?.['refusal']) ?? ''),
      nextTry: nextTry(deps.clock.now(), lane),
      refusedMails: Number(lane?.['refused'] ?? 0),
      lastRefused: isoOf(lane?.['refusedAt']),
    },
  }
  const connectionStates = connections.map(({ state }) => state)
  return {
    ...mailbox,
    isDefault: mailbox.id === beside.defaultId,
    health: mailboxHealth({ active: mailbox.active, connectionStates, attention, ...sides }),
    attention,
    heldBy: await heldElsewhere(deps, mailbox),
    connectionState: connection?.state ?? 'none',
    connectionReason: connection?.reason ?? '',
    ...sides,
    warnings: mailboxWarnings(connection?.mode, [mailbox.receive, mailbox.send]),
  }
}

/** Of receiving and of sending, once when they are the same. */
async function connectionsOf(deps: Dependencies, { tenant, receive, send }: Mailbox): Promise<Connection[]> {
  const ids = [receive, send].map((side) => (side.transport === 'none' ? '' : side.connectionId))
  const known = [...new Set(ids)].filter((id) => id !== '')
  const found = await Promise.all(known.map((id) => readConnection(deps, tenant, id)))
  return found.filter((one) => one !== undefined)
}

function nextTry(now: number, lane: Row | undefined): string {
  if (lane === undefined) return ''
  const at = laneOpensAt(laneState(lane), now)
  return at > 0 && Number.isFinite(at) ? isoOf(at) : ''
}

async function heldElsewhere(deps: Dependencies, { tenant, id, address }: Mailbox): Promise<string> {
  const holder = await readHolder(deps, holderId(address))
  // That another tenant has it is no business of this one's.
  if (holder === undefined || holder.tenant !== tenant || isHeldBy(deps, holder, tenant, id)) return ''
  return `environment ${holder.environment}, mailbox ${holder.mailboxId}`
}

function isoOf(value: unknown): string {
  if (typeof value === 'number') return value > 0 ? new Date(value).toISOString() : ''
  return typeof value === 'string' ? value : ''
}
