/**
 * One received mail for the tenant's app: its state, its raw bytes, its parts. Parsing happens here, on a copy and
 * within limits, never while receiving, so that no mail can hold up the ones behind it.
 */
import { GatewayError, notFound } from '../../errors.js'
import { isId } from '../../model/ids.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { attachmentOf, type ParsedMail, parseAsFarAsPossible } from '../../protocol/parse-mail.js'
import { mailboxPartition } from '../../rows/mailboxes.js'
import { type ReceivedMail, receivedFromRow, receivedKey } from '../../rows/received.js'

/** What of a mail is not in its answer, and how to get it. */
export interface Incomplete {
  code: string
  description: string
  remedy: string
}

export async function readReceived(
  deps: Toolbox,
  tenant: string,
  mailboxId: string,
  id: string,
): Promise<ReceivedMail & { parsed: ParsedMail; incomplete: Incomplete | null }> {
  const { mail, raw } = await find(deps, tenant, mailboxId, id)
  const { parsed, problem } = await parseAsFarAsPossible(raw ?? new Uint8Array())
  const missing = raw === undefined ? notKept(mail) : problem
  const incomplete = missing ? { code: missing.code, description: missing.description, remedy: missing.remedy } : null
  return { ...mail, parsed, incomplete }
}

/** Raw RFC 5322 bytes, also of a quarantined mail. */
export async function readReceivedRaw(
  deps: Toolbox,
  tenant: string,
  mailboxId: string,
  id: string,
): Promise<Uint8Array> {
  return (await load(deps, tenant, mailboxId, id)).raw
}

/**
 * Bytes of one attachment and the name the sender gave it, maybe empty; to be served as a download of unknown content
 * (SEC-32).
 */
export async function readReceivedAttachment(
  deps: Toolbox,
  tenant: string,
  mailboxId: string,
  id: string,
  index: number,
): Promise<{ bytes: Uint8Array; filename: string }> {
  const attachment = await attachmentOf((await load(deps, tenant, mailboxId, id)).raw, index)
  if (attachment === undefined) throw notFound('attachment')
  return attachment
}

async function load(
  deps: Toolbox,
  tenant: string,
  mailboxId: string,
  id: string,
): Promise<{ mail: ReceivedMail; raw: Uint8Array }> {
  const { mail, raw } = await find(deps, tenant, mailboxId, id)
  if (raw === undefined) throw notKept(mail)
  return { mail, raw }
}

/** `raw` is missing for what was too large to be fetched, what was known already, and what retention removed. */
async function find(
  deps: Toolbox,
  tenant: string,
  mailboxId: string,
  id: string,
): Promise<{ mail: ReceivedMail; raw: Uint8Array | undefined }> {
  if (!isId(id) || !isId(mailboxId)) throw notFound('mail')
  const partition = mailboxPartition(tenant, mailboxId)
  const row = await deps.tables.get(deps.names.table('received'), partition, receivedKey(id))
  if (row === undefined) throw notFound('mail')
  const container = deps.names.container(row['state'] === 'quarantined' ? 'quarantine' : 'inbound')
  const blob = String(row['blob'] ?? '')
  const raw = blob === '' ? undefined : await deps.blobs.get(container, blob)
  return { mail: receivedFromRow(row), raw }
}

function notKept({ state, code, description }: ReceivedMail): GatewayError {
  const isAside = state === 'quarantined'
  const remedy =
    code === 'mail_too_large'
      ? 'Read it in the mailbox itself, where it still is. To import it, raise MAX_MAIL_BYTES, then import what is in quarantine of the mailbox.'
      : 'Read it in the mailbox itself.'
  return new GatewayError('mail_not_kept', 'permanent', {
    status: 404,
    description: isAside
      ? `The gateway has no bytes of this mail, because it was not imported: ${description || code}`
      : 'The gateway has no bytes of this mail any more, or it has them under the earlier id of the same mail.',
    remedy,
  })
}
