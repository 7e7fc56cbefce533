/**
 * Table `received`: one mail as it arrived. Partition: that of its mailbox. `h~{id}` is the truth; `t~{inverted
 * time}~{start of id}` lists it, newest first, and comes in the same transaction. Only the holder of the poll's lease
 * writes. Received-lists.ts reads many.
 */
import { RowExistsError } from '../errors.js'
import { hashId } from '../model/ids.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import type { TopHeaders } from '../protocol/mail-headers.js'
import { columnsOf } from './columns.js'
import { inverted } from './day-tables.js'
import { mailboxPartition } from './mailboxes.js'

/** `stored`: kept, not yet told. `handed-over`: told. `quarantined`: kept aside with a reason, needs a person. */
export type ReceivedState = 'stored' | 'handed-over' | 'quarantined'

/** `id` is a hash of the server's own id, never of anything the sender chose (SEC-33). */
export interface ReceivedKey {
  tenant: string
  mailboxId: string
  id: string
}

/** Columns of every mail. */
interface ReceivedColumns {
  state: ReceivedState
  /** Of the event that tells of it, however often it is sent. */
  eventId: string
  /** Its bytes, in the container `quarantine` or `inbound` by its state; empty when there are none. */
  blob: string
  bytes: number
  from: string
  messageId: string
  /** Milliseconds: when it arrived, by which it is listed. */
  receivedAt: number
  /** Milliseconds: when the gateway took it. */
  storedAt: number
  /** Recognises it under another server id; empty when nobody saw its headers. */
  contentKey: string
  /** It is here already under an earlier id: not listed, and without bytes. */
  duplicate: boolean
  /** Why it was not imported, or is not shown as a whole; empty otherwise. */
  code: string
  description: string
}

/** Columns that only some have, most of them what is in quarantine. */
interface RarerColumns {
  remedy: string
  /** How often it was tried. */
  attempts: number
  /** The server's own id, by which it may be fetched again … */
  serverId: string
  /** … and what that id belongs to (`sourceOf`). */
  source: string
  /** Milliseconds of the storage's clock; 0 in rows of earlier versions. */
  quarantinedAt: number
  /** People heard of it. */
  told: boolean
}

/** A mail as read, with the ETag that its next change must carry. */
export interface StoredReceived extends ReceivedKey, ReceivedColumns, RarerColumns {
  etag: string
}

export type NewReceived = ReceivedColumns & Partial<RarerColumns>
export type ReceivedChange = Partial<ReceivedColumns & RarerColumns>

export const receivedId = (serverId: string): string => hashId(serverId)
export const receivedKey = (id: string): string => `h~${id}`
export const eventIdOf = ({ tenant, mailboxId, id }: ReceivedKey): string =>
  hashId('mail.received', tenant, mailboxId, id)
/** Name of its bytes, in whichever container. */
export const inboundBlob = ({ tenant, mailboxId, id }: ReceivedKey): string => `${tenant}/${mailboxId}/${id}`

const firstMail = Date.UTC(1982, 7, 13)
const dayMs = 86_400_000

/**
 * When a mail arrived, in milliseconds: the server's date when it can be, else the one in the header, else now. A date
 * that was never set, or that lies ahead, would put the mail at an end of every list for ever (RFC 3501 2.3.3).
 */
export function arrivalOf(serverDate: number, headerDate: string, now: number): number {
  const dates = [serverDate, Date.parse(headerDate.replace(/\([^()]*\)/g, ''))]
  return dates.find((date) => date >= firstMail && date <= now + dayMs) ?? now
}

/** Newest first; the hash keeps mails of one millisecond apart. */
export const listKey = (receivedAt: number, id: string): string => `t~${inverted(receivedAt || 0)}~${id.slice(0, 16)}`

/** Recognises a mail under another server id; only asked when ids were lost (resync, transport switch). */
export const contentKeyOf = ({ messageId, date, from, subject }: TopHeaders): string =>
  hashId(messageId, date, from, subject)

export function receivedFromRow(row: Row): StoredReceived {
  const [tenant = '', mailboxId = ''] = row.partitionKey.split('~')
  const { text, number, flag } = columnsOf(row)
  return {
    id: row.rowKey.slice(2),
    tenant,
    mailboxId,
    state: text('state') as ReceivedState,
    eventId: text('eventId'),
    blob: text('blob'),
    bytes: number('bytes'),
    from: text('from'),
    messageId: text('messageId'),
    receivedAt: number('receivedAt'),
    storedAt: number('storedAt'),
    contentKey: text('contentKey'),
    duplicate: flag('duplicate'),
    code: text('code'),
    description: text('description'),
    remedy: text('remedy'),
    attempts: number('attempts') || 1,
    serverId: text('serverId'),
    source: text('source'),
    quarantinedAt: number('quarantinedAt'),
    // In quarantine before anybody was told of such mail, there is nothing to make up for.
    told: row['told'] !== false,
    etag: row.etag ?? '',
  }
}

const placeOf = ({ tenant, mailboxId, id }: ReceivedKey): Pick<Row, 'partitionKey' | 'rowKey'> => ({
  partitionKey: mailboxPartition(tenant, mailboxId),
  rowKey: receivedKey(id),
})

const toRow = (key: ReceivedKey, columns: NewReceived): Row => ({ ...placeOf(key), v: 1, ...columns })

export async function findReceived(deps: Toolbox, key: ReceivedKey): Promise<StoredReceived | undefined> {
  const { partitionKey, rowKey } = placeOf(key)
  const row = await deps.tables.get(deps.names.table('received'), partitionKey, rowKey)
  return row && receivedFromRow(row)
}

/** With its place in the list: both rows or none; `undefined` when one of them exists. */
export async function insertReceived(
  deps: Toolbox,
  key: ReceivedKey,
  columns: NewReceived,
): Promise<StoredReceived | undefined> {
  const row = toRow(key, columns)
  const listed = { partitionKey: row.partitionKey, rowKey: listKey(columns.receivedAt, key.id), v: 1, h: key.id }
  try {
    const [etag = ''] = await deps.tables.transaction(deps.names.table('received'), [
      { kind: 'insert', row },
      { kind: 'insert', row: listed },
    ])
    return receivedFromRow({ ...row, etag })
  } catch (error) {
    if (error instanceof RowExistsError) return undefined
    throw error
  }
}

/** Not in the list: it is known already, or shares its place there with another. Throws RowExistsError. */
export async function insertUnlisted(deps: Toolbox, key: ReceivedKey, columns: NewReceived): Promise<StoredReceived> {
  const row = toRow(key, columns)
  return receivedFromRow({ ...row, etag: await deps.tables.insert(deps.names.table('received'), row) })
}

/** Throws RowChangedError when somebody changed it since it was read. */
export async function changeReceived(
  deps: Toolbox,
  mail: StoredReceived,
  change: ReceivedChange,
): Promise<StoredReceived> {
  const row = { ...change, ...placeOf(mail) }
  const etag = await deps.tables.update(deps.names.table('received'), row, mail.etag)
  return { ...mail, ...change, etag }
}

/** The list entry before the row by which it is found. */
export async function removeReceived(deps: Toolbox, mail: ReceivedKey & { receivedAt: number }): Promise<void> {
  const table = deps.names.table('received')
  const { partitionKey, rowKey } = placeOf(mail)
  await deps.tables.remove(table, { partitionKey, rowKey: listKey(mail.receivedAt, mail.id) })
  await deps.tables.remove(table, { partitionKey, rowKey })
}
