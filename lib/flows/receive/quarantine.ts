/**
 * Journey 3, for a mail that cannot be stored the usual way: its raw bytes, when they can be had, go to the quarantine
 * container and a row with the reason takes the mail's place, so that the mails behind it arrive and people see what is
 * missing (REL-25). They are told by event and card (tell-quarantined) and may import it later (import-mails). A line
 * among the failures of the log says so too. The mail stays at the server untouched.
 */
import type { GatewayError } from '../../errors.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { FetchedMail } from '../../ports/receiver.js'
import type { Row } from '../../ports/tables.js'
import { topHeaders } from '../../protocol/mail-headers.js'
import { writeLog } from '../../rows/logs.js'
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
import { sourceOf } from '../../rows/receiving-state.js'
import type { ReceiveDependencies } from './receive-dependencies.js'
import { insertBoth, listRow } from './store-mail.js'
import { showQuarantine, tellQuarantined } from './tell-quarantined.js'

interface HowItFailed {
  fetchRaw: boolean
  attempts: number
  /** When somebody wanted it out of quarantine, where it was already. */
  askedAt: number | undefined
}

export async function quarantine(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  mail: FetchedMail,
  reason: GatewayError,
  { fetchRaw, attempts, askedAt }: HowItFailed,
): Promise<void> {
  const id = receivedId(mail.serverId)
  const name = inboundBlob(mailbox.tenant, mailbox.id, id)
  const place = { table: deps.names.table('received'), partition: mailboxPartition(mailbox.tenant, mailbox.id) }
  const existing = await deps.tables.get(place.table, place.partition, receivedKey(id))
  const wasAside = existing?.['state'] === 'quarantined'
  // Set aside by a poll that died before it was done with it.
  if (existing !== undefined && wasAside && Number(existing['quarantinedAt']) >= (askedAt ?? 0))
    return tellQuarantined(deps, mailbox, existing)
  if (existing?.['state'] === 'handed-over') return showQuarantine(deps, mailbox)
  const kept = wasAside ? existing?.['blob'] : ''
  const stored = await deps.blobs.get(deps.names.container(kept ? 'quarantine' : 'inbound'), name)
  const raw = stored ?? (fetchRaw ? await mail.raw().catch(() => undefined) : undefined)
  if (raw !== undefined)
    await deps.blobs.put(deps.names.container('quarantine'), name, raw, { contentType: 'message/rfc822' })
  const { code, description, remedy } = reason
  const why = {
    state: 'quarantined',
    blob: raw === undefined ? '' : name,
    code,
    description: description.slice(0, 1_000),
    remedy: remedy.slice(0, 1_000),
    attempts,
    serverId: mail.serverId,
    source: sourceOf(mailbox),
    quarantinedAt: await deps.tables.serverNow(),
    told: false,
  }
  await tellQuarantined(deps, mailbox, await setAside(deps, mailbox, mail, { why, raw, existing }))
  const about = { tenant: mailbox.tenant, mailboxId: mailbox.id, receivedId: id, attempts }
  const verdict = { code, class: reason.class, description, remedy, peerLine: reason.peerLine }
  await writeLog(deps, 'receivinglog', { ...about, outcome: 'not-imported', ...verdict, failed: true })
}

/** The row as it stands then. */
async function setAside(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  mail: FetchedMail,
  {
    why,
    raw,
    existing,
  }: { why: Omit<Row, 'partitionKey' | 'rowKey'>; raw: Uint8Array | undefined; existing?: Row | undefined },
): Promise<Row> {
  const id = receivedId(mail.serverId)
  const table = deps.names.table('received')
  const partitionKey = mailboxPartition(mailbox.tenant, mailbox.id)
  const columns = { ...why, partitionKey, rowKey: receivedKey(id) }
  if (existing !== undefined)
    return { ...existing, ...columns, etag: await deps.tables.update(table, columns, existing.etag ?? '') }
  const headers = topHeaders(raw ?? new Uint8Array())
  const receivedAt = arrivalOf(mail.receivedAt, headers.date, deps.clock.now())
  const row = {
    ...columns,
    v: 1,
    eventId: eventIdOf(mailbox.tenant, mailbox.id, id),
    bytes: raw?.byteLength ?? mail.size,
    from: '',
    messageId: '',
    receivedAt,
    storedAt: deps.clock.now(),
    // Under a new number it is the same mail, which comes from the bytes kept here.
    contentKey: raw === undefined ? '' : contentKeyOf(headers),
    duplicate: false,
  }
  const etag = await insertBoth(deps, row, listRow(partitionKey, receivedAt, id))
  return { ...row, etag: etag ?? (await deps.tables.insert(table, row)) }
}

/** Somebody asked for it, and it is at the server no more: there is nothing left to import. */
export async function forgetQuarantined(deps: ReceiveDependencies, mailbox: Mailbox, id: string): Promise<void> {
  const table = deps.names.table('received')
  const partition = mailboxPartition(mailbox.tenant, mailbox.id)
  const row = await deps.tables.get(table, partition, receivedKey(id))
  if (row?.['state'] !== 'quarantined') return
  // The list entry before the row by which it is found.
  await deps.tables.remove(table, partition, listKey(Number(row['receivedAt']), id))
  await deps.tables.remove(table, partition, receivedKey(id))
  await showQuarantine(deps, mailbox)
}
