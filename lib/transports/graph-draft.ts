import type { Address, Attachment, Email } from 'postal-mime'
import { invalidInput } from '../errors.js'
import type { OutgoingMail } from '../ports/sender.js'
import { checkMailLimits } from '../protocol/mail-limits.js'
import { mailParser } from '../protocol/mail-parser.js'

/** A mail as Graph wants it in JSON, when its MIME is too large for one request. */
export interface GraphDraft {
  message: Record<string, unknown>
  attachments: { name: string; contentType: string; bytes: Uint8Array; contentId?: string; isInline: boolean }[]
}

/** Recipients that stand in no header: they get the mail as blind copies. */
export async function hiddenRecipients(mail: OutgoingMail): Promise<string[]> {
  const raw = Buffer.from(mail.raw.buffer, mail.raw.byteOffset, mail.raw.byteLength)
  const end = raw.indexOf('\r\n\r\n')
  const head = await mailParser().parse(end < 0 ? raw : raw.subarray(0, end + 4))
  const shown = new Set([...flat(head.to), ...flat(head.cc)].map((one) => (one.address ?? '').toLowerCase()))
  return mail.recipients.filter((address) => !shown.has(address.toLowerCase()))
}

/** The MIME with a Bcc header on top, which Exchange honours and strips. */
export function withBcc(raw: Uint8Array, addresses: string[]): Buffer {
  if (addresses.length === 0) return Buffer.from(raw)
  if (addresses.some((address) => /[\r\n\0,<>]/.test(address)))
    throw invalidInput('recipients', 'must be mail addresses')
  return Buffer.concat([Buffer.from(`Bcc: ${addresses.join(',\r\n ')}\r\n`), raw])
}

export async function draftOf(mail: OutgoingMail): Promise<GraphDraft> {
  // The tenant's own words, and still one worker for all tenants (SEC-31).
  checkMailLimits(mail.raw)
  const email = await mailParser().parse(mail.raw)
  const bcc = (await hiddenRecipients(mail)).map((address) => ({ emailAddress: { address } }))
  const replyTo = flat(email.replyTo).map(graphAddress)
  const importance = email.headers.find((header) => header.key === 'importance')?.value.toLowerCase()
  const headers = customHeaders(email)
  const properties = threading(email)
  return {
    message: {
      subject: email.subject ?? '',
      body: email.html
        ? { contentType: 'HTML', content: email.html }
        : { contentType: 'Text', content: email.text ?? '' },
      from: email.from ? graphAddress({ ...email.from, address: email.from.address ?? mail.from }) : undefined,
      toRecipients: flat(email.to).map(graphAddress),
      ccRecipients: flat(email.cc).map(graphAddress),
      bccRecipients: bcc,
      ...(replyTo.length > 0 ? { replyTo } : {}),
      ...(importance === 'high' || importance === 'low' ? { importance } : {}),
      internetMessageId: mail.messageId,
      // An empty array is refused.
      ...(headers.length > 0 ? { internetMessageHeaders: headers } : {}),
      ...(properties.length > 0 ? { singleValueExtendedProperties: properties } : {}),
    },
    attachments: email.attachments.map(graphAttachment),
  }
}

/** Only names with x-, at most five, are accepted. */
function customHeaders(email: Email): { name: string; value: string }[] {
  return email.headers
    .filter((header) => header.key.startsWith('x-'))
    .slice(0, 5)
    .map((header) => ({ name: header.originalKey, value: header.value.slice(0, 995) }))
}

// In-Reply-To and References are no x- headers; they go as the MAPI properties behind them.
function threading(email: Email): { id: string; value: string }[] {
  return [
    ...(email.inReplyTo ? [{ id: 'String 0x1042', value: email.inReplyTo }] : []),
    ...(email.references ? [{ id: 'String 0x1039', value: email.references }] : []),
  ]
}

function graphAttachment(attachment: Attachment, index: number): GraphDraft['attachments'][number] {
  const { content, contentId } = attachment
  const bytes = typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content as ArrayBuffer)
  return {
    name: attachment.filename ?? `attachment-${index + 1}${attachment.mimeType === 'message/rfc822' ? '.eml' : ''}`,
    contentType: attachment.mimeType,
    bytes,
    isInline: attachment.disposition === 'inline' || attachment.related === true,
    ...(contentId ? { contentId: contentId.replace(/^<|>$/g, '') } : {}),
  }
}

const flat = (addresses: Address[] | undefined): { name: string; address?: string }[] =>
  (addresses ?? []).flatMap((one) => (one.group ? one.group : [one]))

const graphAddress = ({ name, address }: { name: string; address?: string }) => ({
  emailAddress: { address: address ?? '', ...(name ? { name } : {}) },
})
