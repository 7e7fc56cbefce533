/**
 * One received mail for the tenant's app: its state, its raw bytes, its parts. Parsing happens here, on a copy and
 * within limits, never while receiving, so that no mail can hold up the ones behind it.
 */
import { GatewayError, notFound } from '../../errors.js'
import { isId } from '../../model/ids.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { attachmentOf, type ParsedMail, parseAsFarAsPossible } from '../../protocol/parse-mail.js'
import { findReceived, type ReceivedKey } from '../../rows/received.js'
import { type ReceivedMail, receivedView } from './received-view.js'

/** What of a mail is not in its answer, and how to get it. */
export interface Incomplete {
  code: string
  description: string
  remedy: string
}

export async function readReceived(
  deps: Toolbox,
  key: ReceivedKey,
): Promise<ReceivedMail & { parsed: ParsedMail; incomplete: Incomplete | null }> {
  const { mail, raw } = await find(deps, key)
  const { parsed, problem } = await parseAsFarAsPossible(raw ?? new Uint8Array())
  const missing = raw === undefined ? notKept(mail) : problem
  const incomplete = missing ? { code: missing.code, description: missing.description, remedy: missing.remedy } : null
  return { ...mail, parsed, incomplete }
}

/** Raw RFC 5322 bytes, also of a quarantined mail. */
export async function readReceivedRaw(deps: Toolbox, key: ReceivedKey): Promise<Uint8Array> {
  return load(deps, key)
}

/**
 * Bytes of one attachment and the name the sender gave it, maybe empty; to be served as a download of unknown content
 * (SEC-32).
 */
export async function readReceivedAttachment(
  deps: Toolbox,
  key: ReceivedKey,
  index: number,
): Promise<{ bytes: Uint8Array; filename: string }> {
  const attachment = await attachmentOf(await load(deps, key), index)
  if (attachment === undefined) throw notFound('attachment')
  return attachment
}

async function load(deps: Toolbox, key: ReceivedKey): Promise<Uint8Array> {
  const { mail, raw } = await find(deps, key)
  if (raw === undefined) throw notKept(mail)
  return raw
}

/** `raw` is missing for what was too large to be fetched, what was known already, and what retention removed. */
async function find(deps: Toolbox, key: ReceivedKey): Promise<{ mail: ReceivedMail; raw: Uint8Array | undefined }> {
  const found = isId(key.id) && isId(key.mailboxId) ? await findReceived(deps, key) : undefined
  if (found === undefined) throw notFound('mail')
  const { state, blob } = found
  const container = deps.names.container(state === 'quarantined' ? 'quarantine' : 'inbound')
  return { mail: receivedView(found), raw: blob === '' ? undefined : await deps.blobs.get(container, blob) }
}

function notKept({ state, code, description }: ReceivedMail): GatewayError {
  const isAside = state === 'quarantined'
  const remedy =
    code === 'mail_too_large'
      ? "Read it in the mailbox itself, where it still is. To import it, raise MAX_MAIL_BYTES, then import the mailbox's quarantine."
      : 'Read it in the mailbox itself.'
  return new GatewayError('mail_not_kept', 'permanent', {
    status: 404,
    description: isAside
      ? `The gateway has no bytes of this mail, because it was not imported: ${description || code}`
      : 'The gateway no longer has the bytes of this mail, or has them under an earlier id of the same mail.',
    remedy,
  })
}
