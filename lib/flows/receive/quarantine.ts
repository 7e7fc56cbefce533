/**
 * Journey 3, for a mail that cannot be stored the usual way: its raw bytes, when they can be had, go to the quarantine
 * container and a row with the reason takes the mail's place, so that the mails behind it arrive and people see what is
 * missing (REL-25). They are told by event and card (tell-quarantined) and may import it later (import-mails). A line
 * among the failures of the log says so too. The mail stays at the server untouched.
 */

import type { GatewayError } from '../../errors.js'
import type { Mailbox } from '../../model/mailbox.js'
import { sourceOf } from '../../model/transports.js'
import type { FetchedMail } from '../../ports/receiver.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { topHeaders } from '../../protocol/mail-headers.js'
import { writeLog } from '../../rows/logs.js'
import {
  arrivalOf,
  changeReceived,
  contentKeyOf,
  eventIdOf,
  findReceived,
  inboundBlob,
  insertReceived,
  insertUnlisted,
  type NewReceived,
  type ReceivedKey,
  receivedId,
  removeReceived,
  type StoredReceived,
} from '../../rows/received.js'
import { showQuarantine, tellQuarantined } from './tell-quarantined.js'

export interface FailedMail {
  mail: FetchedMail
  reason: GatewayError
  fetchRaw: boolean
  attempts: number
  /** When somebody wanted it out of quarantine, where it was already. */
  askedAt: number | undefined
}

export async function quarantine(
  deps: Toolbox,
  mailbox: Mailbox,
  { mail, reason, fetchRaw, attempts, askedAt = 0 }: FailedMail,
): Promise<void> {
  const key = { tenant: mailbox.tenant, mailboxId: mailbox.id, id: receivedId(mail.serverId) }
  const name = inboundBlob(key)
  const existing = await findReceived(deps, key)
  const wasAside = existing?.state === 'quarantined'
  // Set aside by a poll that died before it was done with it.
  if (wasAside && existing.quarantinedAt > 0 && existing.quarantinedAt >= askedAt)
    return tellQuarantined(deps, mailbox, existing)
  if (existing?.state === 'handed-over') return showQuarantine(deps, mailbox)
  const kept = wasAside ? existing.blob : ''
  const stored = await deps.blobs.get(deps.names.container(kept ? 'quarantine' : 'inbound'), name)
  const raw = stored ?? (fetchRaw ? await mail.raw().catch(() => undefined) : undefined)
  if (raw !== undefined)
    await deps.blobs.put(deps.names.container('quarantine'), { name, bytes: raw, contentType: 'message/rfc822' })
  const { code, description, remedy } = reason
  const why = {
    state: 'quarantined' as const,
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
  const aside =
    existing === undefined
      ? await insertAside(deps, key, { ...headersOf(deps, mail, raw), ...why, eventId: eventIdOf(key) })
      : await changeReceived(deps, existing, why)
  await tellQuarantined(deps, mailbox, aside)
  const about = { tenant: mailbox.tenant, mailboxId: mailbox.id, receivedId: key.id, attempts }
  const verdict = { code, class: reason.class, description, remedy, peerLine: reason.peerLine }
  await writeLog(deps, 'receivinglog', { ...about, outcome: 'not-imported', ...verdict, failed: true })
}

/** What the server and the bytes, as far as they are known, say of it. */
function headersOf(deps: Toolbox, mail: FetchedMail, raw: Uint8Array | undefined) {
  const headers = topHeaders(raw ?? new Uint8Array())
  const now = deps.clock.now()
  return {
    bytes: raw?.byteLength ?? mail.size,
    from: '',
    messageId: '',
    receivedAt: arrivalOf(mail.receivedAt, headers.date, now),
    storedAt: now,
    // Under a new number it is the same mail, which comes from the bytes kept here.
    contentKey: raw === undefined ? '' : contentKeyOf(headers),
    duplicate: false,
  }
}

async function insertAside(deps: Toolbox, key: ReceivedKey, columns: NewReceived): Promise<StoredReceived> {
  return (await insertReceived(deps, key, columns)) ?? insertUnlisted(deps, key, columns)
}

/** Somebody asked for it, and it is at the server no more: there is nothing left to import. */
export async function forgetQuarantined(deps: Toolbox, mailbox: Mailbox, id: string): Promise<void> {
  const mail = await findReceived(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id, id })
  if (mail?.state !== 'quarantined') return
  await removeReceived(deps, mail)
  await showQuarantine(deps, mailbox)
}
