/**
 * One received mail for the tenant's app: its state, its raw bytes, its parts. Parsing happens here, on a copy and within
 * limits, never while receiving, so that no mail can hold up the ones behind it.
 */
import { notFound } from '../../errors.js'
import { isId } from '../../model/ids.js'
import { attachmentOf, type ParsedMail, parseMail } from '../../protocol/parse-mail.js'
import type { Dependencies } from '../common/dependencies.js'
import { mailboxPartition } from '../common/mailbox-rows.js'
import { type ReceivedMail, receivedFromRow, receivedKey } from './received-rows.js'

export async function readReceived(
  deps: Dependencies,
  tenant: string,
  mailboxId: string,
  id: string,
): Promise<ReceivedMail & { parsed: ParsedMail }> {
  const { mail, raw } = await load(deps, tenant, mailboxId, id)
  return { ...mail, parsed: await parseMail(raw) }
}

/** Raw RFC 5322 bytes, also of a quarantined mail. */
export async function readReceivedRaw(
  deps: Dependencies,
  tenant: string,
  mailboxId: string,
  id: string,
): Promise<Uint8Array> {
  return (await load(deps, tenant, mailboxId, id)).raw
}

/** Bytes of one attachment and the name the sender gave it, maybe empty; to be served as a download of unknown content (SEC-32). */
export async function readReceivedAttachment(
  deps: Dependencies,
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
  deps: Dependencies,
  tenant: string,
  mailboxId: string,
  id: string,
): Promise<{ mail: ReceivedMail; raw: Uint8Array }> {
  if (!isId(id) || !isId(mailboxId)) throw notFound('mail')
  const partition = mailboxPartition(tenant, mailboxId)
  const row = await deps.tables.get(deps.names.table('received'), partition, receivedKey(id))
  if (row === undefined) throw notFound('mail')
  const container = deps.names.container(row['state'] === 'quarantined' ? 'quarantine' : 'inbound')
  const blob = String(row['blob'] ?? '')
  const raw = blob === '' ? undefined : await deps.blobs.get(container, blob)
  if (raw === undefined) throw notFound('content of this mail')
  return { mail: receivedFromRow(row), raw }
}
