/**
 * What a FETCH said about each mail. Rows come in any order, more than once, and unasked when another client changes a
 * flag (RFC 3501 5.2, 7.4.2): all rows of one UID together describe it.
 */
import type { FetchMessageObject } from 'imapflow'

export interface ImapRow {
  uid: number
  sequence: number | undefined
  /** In bytes; 0: not said, or none that can be. Never more than a hint (RFC 3501 2.3.4 is not kept by all). */
  size: number
  /** INTERNALDATE in milliseconds; 0: not said, or none that can be (RFC 3501 2.3.3). */
  receivedAt: number
  source: Uint8Array | undefined
}

/** Mails up to this size, in bytes, are fetched together; larger ones, and those of unknown size, when asked for. */
export const largestTogether = 512 * 1024
const chunkBytes = 2 * 1024 * 1024
const chunkMails = 100

export function mergedRows(rows: readonly FetchMessageObject[]): Map<number, ImapRow> {
  const merged = new Map<number, ImapRow>()
  const disputed = new Set<number>()
  for (const row of rows) {
    // A row without UID says nothing about a mail that can be named.
    if (!row.uid) continue
    const before = merged.get(row.uid)
    const source = row.source || undefined
    // A UID never changes its mail: of two different ones neither is believed.
    if (before?.source && source && !Buffer.from(before.source).equals(source)) disputed.add(row.uid)
    merged.set(row.uid, {
      uid: row.uid,
      sequence: before?.sequence ?? row.seq,
      size: before?.size || row.size || 0,
      receivedAt: before?.receivedAt || arrival(row.internalDate),
      source: before?.source ?? source,
    })
  }
  for (const uid of disputed) merged.set(uid, { ...merged.get(uid)!, source: undefined })
  return merged
}

function arrival(internalDate: Date | string | undefined): number {
  const ms = internalDate === undefined ? Number.NaN : new Date(internalDate).getTime()
  return ms > 0 ? ms : 0
}

export const isSmall = ({ size }: ImapRow, together: number): boolean => size > 0 && size <= together

/** Mails that are asked for in one command, in order; one that is not known to be small stands alone. */
export function chunked(mails: readonly ImapRow[], together: number): ImapRow[][] {
  const chunks: ImapRow[][] = []
  let open: ImapRow[] = []
  let bytes = 0
  for (const mail of mails) {
    const alone = !isSmall(mail, together)
    if (open.length > 0 && (alone || open.length >= chunkMails || bytes + mail.size > chunkBytes)) {
      chunks.push(open)
      open = []
      bytes = 0
    }
    if (alone) chunks.push([mail])
    else {
      open.push(mail)
      bytes += mail.size
    }
  }
  return open.length > 0 ? [...chunks, open] : chunks
}
