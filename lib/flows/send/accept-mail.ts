/**
 * Accepts a mail: choose the mailbox, check the sender, compose the bytes, then blob → outbox hint → journal insert →
 * due row → queue. The mail's id comes from the idempotency key, so the insert is the check: the same key with the same
 * content answers with the same mail, with other content `idempotency_conflict`. A crash after any step leaves at most
 * an orphaned blob and a hint that the next look at the lane removes; the caller simply repeats.
 */

import { conflict, type GatewayError, RowExistsError } from '../../errors.js'
import { hashId, newId, sha256 } from '../../model/ids.js'
import type { Mail } from '../../model/mail.js'
import { type JudgedSubmission, judgeMailSubmission, type MailSubmission } from '../../model/mail-submission.js'
import type { SendSettings } from '../../model/mailbox.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { composeMail } from '../../protocol/compose-mail.js'
import { forGraph } from '../../protocol/graph-mime.js'
import { subjectOfMime } from '../../protocol/mail-headers.js'
import { checkMailSize } from '../../protocol/size.js'
import { findMail, insertMail } from '../../rows/mails.js'
import { announceMail, hintKey, putHint, removeHint, wakeLane } from '../../rows/outbox.js'
import { checkSubmission } from './check-submission.js'

export interface Acceptance {
  mail: Mail
  /** False when this very mail had been accepted before. */
  created: boolean
}

interface Submitted {
  input: unknown
  idempotencyKey?: string | undefined
  /** What is wrong with the rest of the call. */
  refused?: readonly GatewayError[]
}

/** A mail as its author wrote it. Rejects with one error that names every field at fault, those of `refused` first. */
export async function acceptSubmission(
  deps: Toolbox,
  tenant: string,
  { input, idempotencyKey, refused = [] }: Submitted,
): Promise<Acceptance> {
  const judged = judgeMailSubmission(input)
  const { submission, problems } = judged
  if (submission !== undefined && problems.length + refused.length === 0)
    return acceptMail(deps, tenant, { submission, idempotencyKey })
  throw await checkSubmission(deps, tenant, { ...judged, refused }).catch((error: unknown) => error)
}

export async function acceptMail(
  deps: Toolbox,
  tenant: string,
  { submission, idempotencyKey }: { submission: MailSubmission; idempotencyKey?: string | undefined },
): Promise<Acceptance> {
  const contentHash = hashOf(submission)
  const mailId = idempotencyKey === undefined ? newId() : hashId(deps.names.environment, tenant, idempotencyKey)
  if (idempotencyKey !== undefined) {
    const known = await findMail(deps, tenant, mailId)
    if (known) return repeated(deps, known.mail, contentHash)
  }
  const judged = { submission, problems: [], unread: new Set<string>(), places: {} }
  const { mail, bytes } = await prepare(deps, { tenant, mailId, contentHash }, judged)
  return store(deps, mail, bytes)
}

/** The blob's name carries the content hash: two requests racing with one key and two contents never mix them. */
export const blobName = (mail: Pick<Mail, 'tenant' | 'id' | 'contentHash'>): string =>
  `${mail.tenant}/${mail.id}-${mail.contentHash.slice(0, 16)}`

/** Undefined for a blob that a back end brought under a name of its own. */
export function mailOfBlob(name: string): Pick<Mail, 'tenant' | 'id'> | undefined {
  const [, tenant = '', id = ''] = /^([^/]+)\/([a-z2-7]{26})-[0-9a-f]{16}$/.exec(name) ?? []
  return id === '' ? undefined : { tenant, id }
}

async function prepare(
  deps: Toolbox,
  { tenant, mailId, contentHash }: { tenant: string; mailId: string; contentHash: string },
  judged: JudgedSubmission,
): Promise<{ mail: Mail; bytes: Uint8Array }> {
  const checked = await checkSubmission(deps, tenant, judged)
  const { submission, mailbox, settings, envelope, from, replyTo, plannedAt, notBefore, deadline } = checked
  const now = deps.clock.now()
  const { bytes, messageId } = await composeMail({
    mailId,
    from,
    to: envelope.to,
    cc: envelope.cc,
    replyTo,
    submission,
    date: now,
  })
  checkMailSize(bytes.byteLength, settings.maxMailBytes)
  // What the transport would change or deliver to others is told while its author listens.
  await acceptable[mailbox.send.transport]?.(bytes, envelope.recipients)
  const mail: Mail = {
    id: mailId,
    tenant,
    mailboxId: mailbox.id,
    state: 'queued',
    held: submission.hold,
    from: from.address,
    recipients: envelope.recipients,
    refused: [],
    delivered: [],
    messageId,
    subject: settings.keepSubject === 'yes' ? await subjectOf(submission, bytes) : '',
    metadata: submission.metadata ?? {},
    contentHash,
    bytes: bytes.byteLength,
    sha256: sha256(bytes),
    draftId: '',
    handedAt: 0,
    attempts: 0,
    history: [],
    plannedAt,
    notBefore,
    deadline,
    whenUnknown: submission.whenUnknown ?? settings.whenUnknown,
    resent: false,
    claim: '',
    acceptedAt: new Date(now).toISOString(),
    finalAt: '',
    outboxKey: hintKey(submission.hold ? 'held' : 'due', notBefore, mailId),
  }
  return { mail, bytes }
}

/** Transports that do not take every mail. */
const acceptable: Partial<
  Record<SendSettings['transport'], (raw: Uint8Array, recipients: readonly string[]) => Promise<unknown>>
> = { graph: forGraph }

const mostSubject = 500

async function subjectOf({ raw, subject }: MailSubmission, bytes: Uint8Array): Promise<string> {
  return (raw === undefined ? subject : await subjectOfMime(bytes)).slice(0, mostSubject)
}

async function store(deps: Toolbox, mail: Mail, bytes: Uint8Array): Promise<Acceptance> {
  const container = deps.names.container('outbound')
  const name = blobName(mail)
  while (!(await deps.blobs.put(container, { name, bytes, ifAbsent: true, contentType: 'message/rfc822' }))) {
    // Left by a crash or a racing request with the same content; only the Date may differ from ours. Renewed, so that
    // nobody who just saw it as left over (remove-orphans.ts) takes it away; already taken, ours goes there.
    if (!(await deps.blobs.renew(container, name))) continue
    const there = await deps.blobs.get(container, name)
    if (there === undefined) continue
    Object.assign(mail, { sha256: sha256(there), bytes: there.byteLength })
    break
  }
  await putHint(deps, mail, mail.state)
  try {
    await insertMail(deps, mail)
  } catch (error) {
    if (!(error instanceof RowExistsError)) throw error
    return existing(deps, mail)
  }
  if (!mail.held) await announceMail(deps, mail)
  return { mail, created: true }
}

/** Somebody was quicker with the same key: our hint and blob go, unless they are the winner's too. */
async function existing(deps: Toolbox, mine: Mail): Promise<Acceptance> {
  const winner = await findMail(deps, mine.tenant, mine.id)
  if (winner === undefined) throw conflict('idempotency_conflict', 'The mail has just been removed.', 'Use a new key.')
  const { mail } = winner
  if (mail.outboxKey !== mine.outboxKey || mail.mailboxId !== mine.mailboxId)
    await removeHint(deps, mine, mine.outboxKey)
  if (mail.contentHash !== mine.contentHash) await deps.blobs.remove(deps.names.container('outbound'), blobName(mine))
  return repeated(deps, mail, mine.contentHash)
}

async function repeated(deps: Toolbox, mail: Mail, contentHash: string): Promise<Acceptance> {
  if (mail.contentHash !== contentHash)
    throw conflict(
      'idempotency_conflict',
      'This idempotency key was already used with different content.',
      'Use a new key for a new mail; repeat a request without changing it.',
    )
  // The first request may have died between the journal and the queue.
  if (mail.state === 'queued' && !mail.held) await wakeLane(deps, mail)
  deps.log.info('mail-repeated', { tenant: mail.tenant, mailId: mail.id })
  return { mail, created: false }
}

/** The same whatever the order of keys. */
function hashOf(submission: MailSubmission): string {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value
  return sha256(JSON.stringify(submission, sorted))
}
