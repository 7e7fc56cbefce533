/**
 * Mailboxes as people see and change them. The row `mailbox` is written by people only; what workers know (last poll,
 * gate, counters) stands in rows of their own and is read beside it. Every change of receive or send counts the epoch,
 * so that a running job notices. A key is unique by insert; "exactly one default" is one conditional write of one row.
 */
import { conflict, invalidInput, notFound, RowExistsError } from '../../errors.js'
import type { MailboxChange } from '../../model/admin-schemas.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { Row } from '../../ports/tables.js'
import { isSettableHeader } from '../../protocol/compose-mail.js'
import { parseMailAddress, sameAddress } from '../../protocol/mail-address.js'
import { clearAttention } from '../common/attention.js'
import { readConnection } from '../common/connection-rows.js'
import type { Dependencies } from '../common/dependencies.js'
import { setDue } from '../common/due.js'
import { fromRow, mailboxPartition, toRow } from '../common/mailbox-rows.js'

export interface Direction {
  transport: string
  /** ISO date of the last success; empty when there was none. */
  lastSuccess: string
  lastMail: string
  failures: number
}

export interface MailboxFacts extends Mailbox {
  isDefault: boolean
  connectionState: string
  connectionReason: string
  receiving: Direction
  sending: Direction & { gate: string }
}

export async function listMailboxFacts(deps: Dependencies, tenant: string): Promise<MailboxFacts[]> {
  const rows = new Map<string, Row[]>()
  for await (const row of deps.tables.query(deps.names.table('mailboxes'), {
    partitionRange: [`${tenant}~`, `${tenant}~~`],
  }))
    rows.set(row.partitionKey, [...(rows.get(row.partitionKey) ?? []), row])
  const defaultId = await defaultMailboxId(deps, tenant)
  const facts = await Promise.all([...rows.values()].map((partition) => factsOf(deps, partition, defaultId)))
  return facts.filter((one) => one !== undefined).sort((a, b) => a.address.localeCompare(b.address))
}

export async function readMailboxFacts(deps: Dependencies, tenant: string, id: string): Promise<MailboxFacts> {
  const rows: Row[] = []
  for await (const row of deps.tables.query(deps.names.table('mailboxes'), { partition: mailboxPartition(tenant, id) }))
    rows.push(row)
  const facts = await factsOf(deps, rows, await defaultMailboxId(deps, tenant))
  if (facts === undefined) throw notFound('mailbox')
  return facts
}

async function defaultMailboxId(deps: Dependencies, tenant: string): Promise<string> {
  return String((await deps.tables.get(deps.names.table('names'), tenant, 'default'))?.['mailboxId'] ?? '')
}

async function factsOf(deps: Dependencies, rows: Row[], defaultId: string): Promise<MailboxFacts | undefined> {
  const row = rows.find((one) => one.rowKey === 'mailbox')
  if (row === undefined) return undefined
  const mailbox = fromRow(row)
  const receiving = rows.find((one) => one.rowKey === 'receiving')
  const lane = rows.find((one) => one.rowKey === 'lane~0')
  const connectionId =
    mailbox.receive.transport !== 'none'
      ? mailbox.receive.connectionId
      : mailbox.send.transport !== 'none'
        ? mailbox.send.connectionId
        : ''
  const connection = connectionId === '' ? undefined : await readConnection(deps, mailbox.tenant, connectionId)
  return {
    ...mailbox,
    isDefault: mailbox.id === defaultId,
    connectionState: connection?.state ?? 'none',
    connectionReason: connection?.reason ?? '',
    receiving: {
      transport: mailbox.receive.transport,
      lastSuccess: isoOf(receiving?.[Number(receiving['failures'] ?? 0) === 0 ? 'polledAt' : 'lastSuccessAt']),
      lastMail: isoOf(receiving?.['lastMailAt']),
      failures: Number(receiving?.['failures'] ?? 0),
    },
    sending: {
      transport: mailbox.send.transport,
      lastSuccess: isoOf(lane?.['lastSuccess']),
      lastMail: isoOf(lane?.['lastSuccess']),
      failures: Number(lane?.['failures'] ?? 0),
      gate: String(lane?.['gate'] ?? 'open'),
    },
  }
}

function isoOf(value: unknown): string {
  if (typeof value === 'number') return value > 0 ? new Date(value).toISOString() : ''
  return typeof value === 'string' ? value : ''
}

export async function changeMailbox(
  deps: ChangeDependencies,
  tenant: string,
  id: string,
  change: MailboxChange,
): Promise<MailboxFacts> {
  const table = deps.names.table('mailboxes')
  const row = await deps.tables.get(table, mailboxPartition(tenant, id), 'mailbox')
  if (row === undefined) throw notFound('mailbox')
  const before = fromRow(row)
  for (const direction of [change.receive, change.send])
    if (
      direction !== undefined &&
      direction.transport !== 'none' &&
      (await readConnection(deps, tenant, direction.connectionId)) === undefined
    )
      throw invalidInput('connectionId', 'is not a connection of this tenant.')
  checkDefaults({ ...before, ...change } as Mailbox)
  if (change.key !== undefined && change.key !== before.key) await takeKey(deps, tenant, id, change.key)
  const { default: makeDefault, ...fields } = change
  const moved = change.receive !== undefined || change.send !== undefined
  const after = { ...before, ...fields, epoch: before.epoch + (moved ? 1 : 0) } as Mailbox
  await deps.tables.update(table, toRow(after), row.etag ?? '')
  if (change.key !== undefined && change.key !== before.key)
    await deps.tables.remove(deps.names.table('names'), tenant, `key~${before.key}`)
  if (makeDefault)
    await deps.tables.upsert(deps.names.table('names'), {
      partitionKey: tenant,
      rowKey: 'default',
      v: 1,
      mailboxId: id,
    })
  if (after.active && after.receive.transport !== 'none') await setDue(deps, 'poll', tenant, id, deps.clock.now())
  // Corrected settings deserve a try at once, whatever closed the gate before.
  if (change.send !== undefined) await deps.openGate(tenant, id)
  if (after.active && !before.active) await setDue(deps, 'lane', tenant, id, deps.clock.now())
  return readMailboxFacts(deps, tenant, id)
}

/** A default that no mail could be sent with is refused here, not at each mail. */
function checkDefaults({ defaults = {}, address, sendAs }: Mailbox): void {
  const { from, headers = {} } = defaults
  const sender = typeof from === 'string' ? from : from?.address
  if (sender !== undefined && ![address, ...sendAs].some((one) => sameAddress(one, sender)))
    throw invalidInput('defaults.from', `must be ${address} or one of its sendAs addresses.`)
  for (const [field, people] of Object.entries({ replyTo: [defaults.replyTo], bcc: defaults.bcc ?? [] }))
    for (const one of people)
      if (one !== undefined) parseMailAddress(typeof one === 'string' ? one : one.address, `defaults.${field}`)
  const refused = Object.keys(headers).find((name) => !isSettableHeader(name))
  if (refused !== undefined) throw invalidInput(`defaults.headers.${refused}`, 'may not be set by mail; leave it out.')
}

async function takeKey(deps: Dependencies, tenant: string, mailboxId: string, key: string): Promise<void> {
  try {
    await deps.tables.insert(deps.names.table('names'), { partitionKey: tenant, rowKey: `key~${key}`, v: 1, mailboxId })
  } catch (error) {
    if (!(error instanceof RowExistsError)) throw error
    throw conflict(
      'mailbox_key_taken',
      `The key "${key}" belongs to another mailbox.`,
      'Choose another key of 1 to 5 characters.',
    )
  }
}

/** What changing a mailbox needs from other journeys. */
export interface ChangeDependencies extends Dependencies {
  openGate(tenant: string, mailboxId: string): Promise<unknown>
}

/** What removing a mailbox needs from other journeys. */
export interface RemoveDependencies extends Dependencies {
  cancelOpenMails(tenant: string, mailboxId: string): Promise<unknown>
  disconnect(tenant: string, connectionId: string): Promise<void>
}

/** Stops polling and sending, cancels open mail, disconnects what nothing else uses, and forgets the names. */
export async function removeMailbox(deps: RemoveDependencies, tenant: string, id: string): Promise<void> {
  const mailbox = await readMailboxFacts(deps, tenant, id)
  if (mailbox.isDefault && (await listMailboxFacts(deps, tenant)).length > 1)
    throw conflict(
      'mailbox_is_default',
      'This mailbox is the default of the tenant.',
      'Make another mailbox the default first.',
    )
  await setDue(deps, 'poll', tenant, id, Number.POSITIVE_INFINITY)
  await deps.cancelOpenMails(tenant, id)
  await setDue(deps, 'lane', tenant, id, Number.POSITIVE_INFINITY)
  const names = deps.names.table('names')
  for await (const row of deps.tables.query(names, {
    partition: tenant,
    where: [{ column: 'mailboxId', is: 'eq', value: id }],
  }))
    await deps.tables.remove(names, tenant, row.rowKey)
  const table = deps.names.table('mailboxes')
  for await (const row of deps.tables.query(table, { partition: mailboxPartition(tenant, id) }))
    await deps.tables.remove(table, row.partitionKey, row.rowKey)
  for (const kind of ['mailbox-receive', 'mailbox-send'] as const) await clearAttention(deps, tenant, kind, id)
  const used = new Set((await listMailboxFacts(deps, tenant)).flatMap(connectionIdsOf))
  for (const connectionId of new Set(connectionIdsOf(mailbox)))
    if (!used.has(connectionId)) await deps.disconnect(tenant, connectionId)
}

function connectionIdsOf(mailbox: Mailbox): string[] {
  return [mailbox.receive, mailbox.send].flatMap((direction) =>
    direction.transport === 'none' ? [] : [direction.connectionId],
  )
}
