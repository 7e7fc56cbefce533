/**
 * Mailboxes as people see them. The row `mailbox` is written by people only; what workers know (last poll, gate,
 * counters) stands in rows of their own and is read beside it.
 */
import { notFound } from '../../errors.js'
import { type AttentionItem, attentionActions, concerns } from '../../model/attention.js'
import type { Connection, ConnectionState } from '../../model/connection.js'
import { isId } from '../../model/ids.js'
import type { Mailbox, ReceiveSettings, SendSettings } from '../../model/mailbox.js'
import { isFilter, type MailboxFilter } from '../../model/mailbox-filter.js'
import { type MailboxHealth, mailboxHealth } from '../../model/mailbox-health.js'
import { type MailboxWarning, mailboxWarnings } from '../../model/mailbox-warnings.js'
import type { PageQuery } from '../../model/page.js'
import { connectionIdsOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { attentionOfMailboxes } from '../../rows/attention-lists.js'
import { findConnection } from '../../rows/connections.js'
import { mapInBatches } from '../../rows/delete-rows.js'
import { findHolder, holderId } from '../../rows/holders.js'
import { laneOpensAt } from '../../rows/lane.js'
import { findKnownMailbox, type KnownMailbox, pageOfKnownMailboxes } from '../../rows/mailbox-facts.js'
import { listAddresses } from '../../rows/mailboxes.js'
import { pageOfMatchingMailboxes } from '../../rows/matching-mailboxes.js'
import { findMailboxId } from '../../rows/names.js'
import { settingsOf, tenantSettings } from '../../rows/settings.js'
import { actionOf } from '../receive/after-receive.js'

export interface Direction {
  transport: (ReceiveSettings | SendSettings)['transport']
  /** ISO date of the last success; empty when there was none. */
  lastSuccess: string
  lastMail: string
  failures: number
  /** What is wrong now, in plain words; empty when it works. */
  problem: string
}

export interface MailboxFacts extends Mailbox {
  isDefault: boolean
  /** Of the mailboxes at its address it is the one that the address means. */
  isAddressDefault: boolean
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
 * address, one of whom it means and two for each connection, whatever else the tenant has.
 */
export async function listMailboxFacts(
  deps: Toolbox,
  tenant: string,
  page: PageQuery & MailboxFilter,
): Promise<MailboxPage> {
  if (isFilter(page)) return listMatching(deps, tenant, page)
  const { found, next } = await pageOfKnownMailboxes(deps, tenant, page)
  return { mailboxes: await factsOf(deps, tenant, found), next }
}

/** Those that a filter means (M-147); each of them is read for itself. */
async function listMatching(deps: Toolbox, tenant: string, page: PageQuery & MailboxFilter): Promise<MailboxPage> {
  const { found, next } = await pageOfMatchingMailboxes(deps, { tenant, filter: page }, page)
  const known = await mapInBatches(found, ({ id }) => findKnownMailbox(deps, tenant, id))
  const mailboxes = await factsOf(
    deps,
    tenant,
    known.filter((one) => one !== undefined),
  )
  return { mailboxes, next }
}

export async function readMailboxFacts(deps: Toolbox, tenant: string, id: string): Promise<MailboxFacts> {
  const known = await findKnownMailbox(deps, tenant, id)
  const [facts] = await factsOf(deps, tenant, known === undefined ? [] : [known])
  if (facts === undefined) throw notFound('mailbox')
  return facts
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
    const known = await findKnownMailbox(deps, tenant, id)
    if (known === undefined) return []
    const { address, active } = known.mailbox
    return [{ id, address, active, ...sidesOf(deps.clock.now(), known) }]
  })
  return found.flat()
}

/** By address. */
export async function listMailboxNames(deps: Toolbox, tenant: string): Promise<{ id: string; address: string }[]> {
  return (await listAddresses(deps, tenant)).sort((a, b) => a.address.localeCompare(b.address))
}

async function factsOf(deps: Toolbox, tenant: string, found: readonly KnownMailbox[]): Promise<MailboxFacts[]> {
  const all = await connectionsOf(deps, tenant, found)
  const mailboxIds = found.map(({ mailbox }) => mailbox.id)
  // Read once, and kept for those that follow.
  await tenantSettings(deps, tenant)
  const actions = await mapInBatches(found, async ({ mailbox }) => actionOf(await settingsOf(deps, mailbox), mailbox))
  const [defaultId, cards, holders, ofAddress] = await Promise.all([
    findMailboxId(deps, tenant, 'default'),
    attentionOfMailboxes(deps, tenant, { mailboxIds, connections: [...all.values()] }),
    mapInBatches(found, ({ mailbox }) => heldElsewhere(deps, mailbox)),
    mapInBatches(found, ({ mailbox: { address } }) => findMailboxId(deps, tenant, { address })),
  ])
  return found.map((known, at) => {
    const { mailbox } = known
    const connections = connectionIdsOf(mailbox).flatMap((id) => all.get(id) ?? [])
    // Each direction may have its own connection; the one that does not work is the one people must hear of.
    const connection = connections.find(({ state }) => state !== 'connected') ?? connections[0]
    const attention = cards
      .filter((item) => concerns(item, { id: mailbox.id, connections }))
      .map((item) => ({ ...item, actions: attentionActions(item, mailbox.id) }))
    const sides = sidesOf(deps.clock.now(), known)
    const connectionStates = connections.map(({ state }) => state)
    return {
      ...mailbox,
      isDefault: mailbox.id === defaultId,
      isAddressDefault: mailbox.id === ofAddress[at],
      health: mailboxHealth({ active: mailbox.active, connectionStates, attention, ...sides }),
      attention,
      heldBy: holders[at] ?? '',
      connectionState: connection?.state ?? 'none',
      connectionReason: connection?.reason ?? '',
      ...sides,
      warnings: mailboxWarnings(mailbox, connections, actions[at]?.action !== 'leave'),
    }
  })
}

function sidesOf(now: number, known: KnownMailbox): Pick<MailboxFacts, 'receiving' | 'sending'> {
  const { mailbox, receiving, sending } = known
  return {
    receiving: {
      transport: mailbox.receive.transport,
      lastSuccess: isoOf(receiving.lastSuccessAt),
      lastMail: isoOf(receiving.lastMailAt),
      failures: receiving.failures,
      problem: receiving.problem,
    },
    sending: {
      transport: mailbox.send.transport,
      lastSuccess: isoOf(sending.lastSuccess),
      lastMail: isoOf(sending.lastSuccess),
      failures: sending.failures,
      gate: sending.gate,
      problem: sending.problem,
      nextTry: isoOf(laneOpensAt(sending, now)),
      refusedMails: sending.refused,
      lastRefused: isoOf(sending.refusedAt),
    },
  }
}

/** Of all these mailboxes, each once. */
async function connectionsOf(
  deps: Toolbox,
  tenant: string,
  found: readonly Pick<KnownMailbox, 'mailbox'>[],
): Promise<Map<string, Connection>> {
  const ids = [...new Set(found.flatMap(({ mailbox }) => connectionIdsOf(mailbox)))]
  const read = await mapInBatches(ids, (id) => findConnection(deps, tenant, id))
  return new Map(read.flatMap((one) => (one === undefined ? [] : [[one.id, one]])))
}

async function heldElsewhere(deps: Toolbox, { tenant, address }: Mailbox): Promise<string> {
  const holder = await findHolder(deps, holderId(address))
  // That another tenant has it is no business of this one's.
  if (holder === undefined || holder.tenant !== tenant || holder.environment === deps.names.environment) return ''
  return `environment ${holder.environment}, mailbox ${holder.mailboxId}`
}

/** Empty for never, and for a time that nobody knows. */
const isoOf = (ms: number): string => (ms > 0 && Number.isFinite(ms) ? new Date(ms).toISOString() : '')
