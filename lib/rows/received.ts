import { hashId } from '../model/ids.js'
import type { Row } from '../ports/tables.js'
import type { TopHeaders } from '../protocol/mail-headers.js'

/** `stored`: kept, not yet told. `handed-over`: told. `quarantined`: kept aside with a reason, needs a person. */
export type ReceivedState = 'stored' | 'handed-over' | 'quarantined'

/** A mail as it arrived. `id` is a hash of the server's own id, never of anything the sender chose (SEC-33). */
export interface ReceivedMail {
  id: string
  tenant: string
  mailboxId: string
  state: ReceivedState
  eventId: string
  receivedAt: string
  from: string
  messageId: string
  bytes: number
  /** Why it was not imported; empty otherwise. */
  code: string
  description: string
  remedy: string
  /** How often it was tried. */
  attempts: number
}

export const receivedId = (serverId: string): string => hashId(serverId)
export const receivedKey = (id: string): string => `h~${id}`
export const eventIdOf = (tenant: string, mailboxId: string, id: string): string =>
  hashId('mail.received', tenant, mailboxId, id)
export const inboundBlob = (tenant: string, mailboxId: string, id: string): string => `${tenant}/${mailboxId}/${id}`

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
export const listKey = (receivedAt: number, id: string): string =>
  `t~${String(9_999_999_999_999 - Math.max(0, Math.min(Math.trunc(receivedAt) || 0, 9_999_999_999_999))).padStart(13, '0')}~${id.slice(0, 16)}`

/** Recognises a mail under another server id; only asked when ids were lost (resync, transport switch). */
export const contentKeyOf = ({ messageId, date, from, subject }: TopHeaders): string =>
  hashId(messageId, date, from, subject)

export function receivedFromRow(row: Row): ReceivedMail {
  const [tenant = '', mailboxId = ''] = row.partitionKey.split('~')
  const text = (column: string): string => String(row[column] ?? '')
  return {
    id: row.rowKey.slice(2),
    tenant,
    mailboxId,
    state: text('state') as ReceivedState,
    eventId: text('eventId'),
    receivedAt: new Date(Number(row['receivedAt'] ?? 0)).toISOString(),
    from: text('from'),
    messageId: text('messageId'),
    bytes: Number(row['bytes'] ?? 0),
    code: text('code'),
    description: text('description'),
    remedy: text('remedy'),
    attempts: Number(row['attempts'] ?? 1),
  }
}
