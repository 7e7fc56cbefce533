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
import type { Toolbox } from '../../ports/toolbox.js'
import { topHeaders } from '../../protocol/mail-headers.js'
import { exceededLimit, tooComplex } from '../../protocol/mail-limits.js'
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
  receivedId,
  type StoredReceived,
} from '../../rows/received.js'
import { emitEvent } from '../tell/emit-event.js'
import type { KnownContent } from './resync.js'
import { showQuarantine, tellQuarantined } from './tell-quarantined.js'

/** A poll has less than a minute; the mailbox's next one goes on. */
const roomWaitMs = 10_000

export type Stored = 'handed-over' | 'known' | 'duplicate'

interface MailToStore {
  mail: FetchedMail
  /** While the server's ids are new for mail we had. */
  known?: KnownContent | undefined
  /** Somebody wants it out of quarantine. */
  isAsked?: boolean
  /** Larger ones are refused. */
  maxBytes: number
}

type Room = (bytes: number) => Promise<void>

export async function storeMail(deps: Toolbox, mailbox: Mailbox, given: MailToStore): Promise<Stored> {
  const shares: (() => void)[] = []
  const room: Room = async (bytes) => {
    for (const giveBack of shares.splice(0)) giveBack()
    const share = await deps.inHand.take(bytes, roomWaitMs)
    if (share === undefined) throw noRoom()
    shares.push(share)
  }
  try {
    return await store(deps, mailbox, { ...given, room })
  } finally {
    for (const giveBack of shares) giveBack()
  }
}

async function store(
  deps: Toolbox,
  mailbox: Mailbox,
  { mail, known, isAsked, maxBytes, room }: MailToStore & { room: Room },
): Promise<Stored> {
  const key = { tenant: mailbox.tenant, mailboxId: mailbox.id, id: receivedId(mail.serverId) }
  const before = await findReceived(deps, key)
  const comesAgain = before?.state === 'quarantined' && (isAsked || wasTooLarge(before))
  if (before !== undefined && !comesAgain) {
    known?.recognise(before)
    // Set aside by a poll that died before it said so.
    if (before.state === 'quarantined') await tellQuarantined(deps, mailbox, before)
    const stored = await handOver(deps, mailbox, before)
    // Imported by a poll that died before the card knew it.
    if (isAsked) await showQuarantine(deps, mailbox)
    return stored
  }

  const raw = (await keptRaw(deps, before, room)) ?? (await mail.raw(room))
  if (raw.byteLength > maxBytes) throw mailTooLarge(raw.byteLength, maxBytes)
  const headers = topHeaders(raw)
  const exceeded = exceededLimit(raw)
  const problem = exceeded && tooComplex(exceeded.why)
  const fresh: NewReceived = {
    state: 'stored',
    eventId: eventIdOf(key),
    blob: inboundBlob(key),
    bytes: raw.byteLength,
    from: headers.from.slice(0, 320),
    messageId: headers.messageId,
    receivedAt: arrivalOf(mail.receivedAt, headers.date, deps.clock.now()),
    storedAt: deps.clock.now(),
    contentKey: contentKeyOf(headers),
    duplicate: false,
    // Told like every mail; people see beforehand that it cannot be shown as a whole (SEC-31).
    code: problem?.code ?? '',
    description: problem?.description ?? '',
    ...(problem && { remedy: problem.remedy }),
  }
  if (before !== undefined) return importAfterAll(deps, mailbox, { before, fresh, raw })
  if (known?.take(fresh.contentKey)) {
    // Not listed again and without a copy: the mail is already there under its earlier id.
    const noted: NewReceived = { ...fresh, state: 'handed-over', duplicate: true, blob: '' }
    await insertUnlisted(deps, key, noted).catch(ignoreExisting)
    return 'duplicate'
  }
  await deps.blobs.put(deps.names.container('inbound'), { name: fresh.blob, bytes: raw, contentType: 'message/rfc822' })
  const stored = await insertReceived(deps, key, fresh)
  // Somebody else stored it meanwhile, or it shares a list key with another: the row decides.
  return handOver(deps, mailbox, stored ?? (await findReceived(deps, key)) ?? (await insertUnlisted(deps, key, fresh)))
}

/** Set aside without its bytes, under a limit that may have been raised since. */
const wasTooLarge = ({ code, blob }: StoredReceived): boolean => code === 'mail_too_large' && blob === ''

/** The bytes that quarantine has; they are there even when the server has the mail no more. */
async function keptRaw(deps: Toolbox, before: StoredReceived | undefined, room: Room): Promise<Uint8Array | undefined> {
  if (before === undefined || before.blob === '') return undefined
  await room(before.bytes)
  return deps.blobs.get(deps.names.container('quarantine'), before.blob)
}

/** It came again, asked for or moved back into its folder say: it takes the place that was kept for it. */
async function importAfterAll(
  deps: Toolbox,
  mailbox: Mailbox,
  { before, fresh, raw }: { before: StoredReceived; fresh: NewReceived; raw: Uint8Array },
): Promise<Stored> {
  await deps.blobs.put(deps.names.container('inbound'), { name: fresh.blob, bytes: raw, contentType: 'message/rfc822' })
  // The list has it on the day it was set aside.
  const { receivedAt } = before
  const imported = await changeReceived(deps, before, { remedy: '', ...fresh, receivedAt })
  await deps.blobs.remove(deps.names.container('quarantine'), fresh.blob)
  const stored = await handOver(deps, mailbox, imported)
  await showQuarantine(deps, mailbox)
  return stored
}

async function handOver(deps: Toolbox, mailbox: Mailbox, mail: StoredReceived): Promise<Stored> {
  if (mail.state !== 'stored') return 'known'
  await emitEvent(deps, {
    tenant: mailbox.tenant,
    type: 'mail.received',
    id: mail.eventId,
    data: {
      mailboxId: mailbox.id,
      mailboxKey: mailbox.key,
      receivedId: mail.id,
      messageId: mail.messageId,
      receivedAt: new Date(mail.receivedAt).toISOString(),
      bytes: mail.bytes,
    },
  })
  await changeReceived(deps, mail, { state: 'handed-over' })
  return 'handed-over'
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof RowExistsError)) throw error
}

export function mailTooLarge(bytes: number, most: number): GatewayError {
  return new GatewayError('mail_too_large', 'permanent', {
    hint: 'message',
    description: `The mail has ${bytes} bytes; the gateway imports at most ${most}.`,
    remedy: "Read it in the mailbox itself. To import it, raise MAX_MAIL_BYTES, then import the mailbox's quarantine.",
  })
}
