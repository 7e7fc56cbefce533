/**
 * Journey 3, step 4, for one mail: raw bytes to a blob, rows `stored`, event with the row's event id, `handed-over`. A
 * crash after any step is repaired by the next poll, which sees the mail again: an existing `stored` row is handed over
 * again under the same event id, only `handed-over` and `quarantined` are skipped, the latter unless somebody asked for
 * it or its limit was raised. During a resync the server's ids are
 * new for mail we had: then a mail whose content key we know is noted and not told again.
 */
import { GatewayError, RowExistsError } from '../../errors.js'
import type { Mailbox } from '../../model/mailbox.js'
import { noRoom } from '../../ports/bytes-in-hand.js'
import type { FetchedMail } from '../../ports/receiver.js'
import type { Row } from '../../ports/tables.js'
import { topHeaders } from '../../protocol/mail-headers.js'
import { exceededLimit, tooComplex } from '../../protocol/mail-limits.js'
import { mailboxPartition } from '../../rows/mailboxes.js'
import {
  arrivalOf,
  contentKeyOf,
  eventIdOf,
  inboundBlob,
  listKey,
  receivedId,
  receivedKey,
} from '../../rows/received.js'
import { emitEvent } from '../tell/emit-event.js'
import type { ReceiveDependencies } from './receive-dependencies.js'
import type { KnownContent } from './resync.js'
import { showQuarantine, tellQuarantined } from './tell-quarantined.js'

/** A poll has less than a minute; the mailbox's next one goes on. */
const roomWaitMs = 10_000

export type Stored = 'handed-over' | 'known' | 'duplicate'

interface HowToStore {
  known?: KnownContent | undefined
  /** Somebody wants it out of quarantine. */
  isAsked?: boolean
}

type Room = (bytes: number) => Promise<void>

export async function storeMail(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  mail: FetchedMail,
  how: HowToStore,
): Promise<Stored> {
  const shares: (() => void)[] = []
  const room: Room = async (bytes) => {
    for (const giveBack of shares.splice(0)) giveBack()
    const share = await deps.inHand.take(bytes, roomWaitMs)
    if (share === undefined) throw noRoom()
    shares.push(share)
  }
  try {
    return await store(deps, mailbox, mail, { ...how, room })
  } finally {
    for (const giveBack of shares) giveBack()
  }
}

async function store(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  mail: FetchedMail,
  { known, isAsked, room }: HowToStore & { room: Room },
): Promise<Stored> {
  const table = deps.names.table('received')
  const partitionKey = mailboxPartition(mailbox.tenant, mailbox.id)
  const id = receivedId(mail.serverId)
  const before = await deps.tables.get(table, partitionKey, receivedKey(id))
  const comesAgain = before?.['state'] === 'quarantined' && (isAsked || wasTooLarge(before))
  if (before !== undefined && !comesAgain) {
    known?.recognise(before)
    // Set aside by a poll that died before it said so.
    if (before['state'] === 'quarantined') await tellQuarantined(deps, mailbox, before)
    const stored = await handOver(deps, mailbox, before)
    // Imported by a poll that died before the card knew it.
    if (isAsked) await showQuarantine(deps, mailbox)
    return stored
  }

  const raw = (await keptRaw(deps, before, room)) ?? (await mail.raw(room))
  if (raw.byteLength > deps.settings.maxMailBytes) throw mailTooLarge(raw.byteLength, deps.settings.maxMailBytes)
  const headers = topHeaders(raw)
  const contentKey = contentKeyOf(headers)
  const receivedAt = arrivalOf(mail.receivedAt, headers.date, deps.clock.now())
  const exceeded = exceededLimit(raw)
  const problem = exceeded && tooComplex(exceeded.why)
  const row: Row = {
    partitionKey,
    rowKey: receivedKey(id),
    v: 1,
    state: 'stored',
    eventId: eventIdOf(mailbox.tenant, mailbox.id, id),
    blob: inboundBlob(mailbox.tenant, mailbox.id, id),
    bytes: raw.byteLength,
    from: headers.from.slice(0, 320),
    messageId: headers.messageId,
    receivedAt,
    storedAt: deps.clock.now(),
    contentKey,
    duplicate: false,
    // Told like every mail; people see beforehand that it cannot be shown as a whole (SEC-31).
    code: problem?.code ?? '',
    description: problem?.description ?? '',
    ...(problem && { remedy: problem.remedy }),
  }
  if (before !== undefined) return importAfterAll(deps, mailbox, before, row, raw)
  if (known?.take(contentKey)) {
    // Not listed again and without a copy: the mail is already there under its earlier id.
    const noted = { ...row, state: 'handed-over', duplicate: true, blob: '' }
    await deps.tables.insert(table, noted).catch(ignoreExisting)
    return 'duplicate'
  }
  await deps.blobs.put(deps.names.container('inbound'), String(row['blob']), raw, { contentType: 'message/rfc822' })
  const etag = await insertBoth(deps, row, listRow(partitionKey, receivedAt, id))
  if (etag !== undefined) return handOver(deps, mailbox, { ...row, etag })
  // Somebody else stored it meanwhile, or it shares a list key with another: the row decides.
  const now = await deps.tables.get(table, partitionKey, receivedKey(id))
  if (now !== undefined) return handOver(deps, mailbox, now)
  const alone = await deps.tables.insert(table, row)
  return handOver(deps, mailbox, { ...row, etag: alone })
}

/** Set aside without its bytes, under a limit that may have been raised since. */
const wasTooLarge = (row: Row): boolean => row['code'] === 'mail_too_large' && (row['blob'] ?? '') === ''

/** The bytes that quarantine has; they are there even when the server has the mail no more. */
async function keptRaw(
  deps: ReceiveDependencies,
  before: Row | undefined,
  room: Room,
): Promise<Uint8Array | undefined> {
  const blob = String(before?.['blob'] ?? '')
  if (blob === '') return undefined
  await room(Number(before?.['bytes'] ?? 0))
  return deps.blobs.get(deps.names.container('quarantine'), blob)
}

/** It came again, asked for or moved back into its folder say: it takes the place that was kept for it. */
async function importAfterAll(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  before: Row,
  fresh: Row,
  raw: Uint8Array,
): Promise<Stored> {
  // The list has it on the day it was set aside.
  const row: Row = { remedy: '', ...fresh, receivedAt: Number(before['receivedAt']) }
  await deps.blobs.put(deps.names.container('inbound'), String(row['blob']), raw, { contentType: 'message/rfc822' })
  const etag = await deps.tables.update(deps.names.table('received'), row, before.etag ?? '')
  await deps.blobs.remove(deps.names.container('quarantine'), String(row['blob']))
  const stored = await handOver(deps, mailbox, { ...row, etag })
  await showQuarantine(deps, mailbox)
  return stored
}

async function handOver(deps: ReceiveDependencies, mailbox: Mailbox, row: Row): Promise<Stored> {
  if (row['state'] !== 'stored') return 'known'
  await emitEvent(deps, mailbox.tenant, 'mail.received', String(row['eventId']), {
    mailboxId: mailbox.id,
    mailboxKey: mailbox.key,
    receivedId: row.rowKey.slice(2),
    messageId: String(row['messageId']),
    receivedAt: new Date(Number(row['receivedAt'])).toISOString(),
    bytes: Number(row['bytes']),
  })
  const change = { partitionKey: row.partitionKey, rowKey: row.rowKey, state: 'handed-over' }
  await deps.tables.update(deps.names.table('received'), change, row.etag ?? '')
  return 'handed-over'
}

/** Both rows or none; `undefined` when one of them exists. */
export async function insertBoth(deps: ReceiveDependencies, row: Row, listed: Row): Promise<string | undefined> {
  try {
    const [etag] = await deps.tables.transaction(deps.names.table('received'), [
      { kind: 'insert', row },
      { kind: 'insert', row: listed },
    ])
    return etag
  } catch (error) {
    if (error instanceof RowExistsError) return undefined
    throw error
  }
}

export const listRow = (partitionKey: string, receivedAt: number, id: string): Row => ({
  partitionKey,
  rowKey: listKey(receivedAt, id),
  v: 1,
  h: id,
})

function ignoreExisting(error: unknown): void {
  if (!(error instanceof RowExistsError)) throw error
}

export function mailTooLarge(bytes: number, most: number): GatewayError {
  return new GatewayError('mail_too_large', 'permanent', {
    hint: 'message',
    description: `The mail has ${bytes} bytes, at most ${most} are imported.`,
    remedy:
      'Read it in the mailbox itself. To import it, raise MAX_MAIL_BYTES, then import what is in quarantine of the mailbox.',
  })
}
