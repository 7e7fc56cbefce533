/**
 * Between raw mail and Graph's parts. Drafts written as JSON are composed; everything else is parsed when asked for.
 */
import { randomUUID } from 'node:crypto'
import MailComposer from 'nodemailer/lib/mail-composer'
import PostalMime, { type Address } from 'postal-mime'
import type { Message, MessageContent, NamedAddress } from '../directory.js'

const parsed = new WeakMap<Buffer, Promise<MessageContent>>()

/** The parts of a message; parsed once per raw. */
export function contentOf(message: Pick<Message, 'raw' | 'content'>): Promise<MessageContent> {
  if (message.content) return Promise.resolve(message.content)
  let content = parsed.get(message.raw)
  if (!content) {
    content = parse(message.raw)
    parsed.set(message.raw, content)
  }
  return content
}

async function parse(raw: Buffer): Promise<MessageContent> {
  const mail = await PostalMime.parse(raw, { forceRfc822Attachments: true })
  const header = (key: string) => mail.headers.find((h) => h.key === key)?.value
  const from = flat(mail.from)[0]
  const sender = flat(mail.sender)[0]
  return {
    subject: mail.subject ?? '',
    ...(from ? { from } : {}),
    ...(sender ? { sender } : {}),
    to: flat(mail.to),
    cc: flat(mail.cc),
    bcc: flat(mail.bcc),
    replyTo: flat(mail.replyTo),
    ...(mail.text === undefined ? {} : { text: mail.text }),
    ...(mail.html === undefined ? {} : { html: mail.html }),
    importance: header('importance')?.toLowerCase() ?? 'normal',
    messageId: mail.messageId ?? '',
    ...(mail.inReplyTo ? { inReplyTo: mail.inReplyTo } : {}),
    ...(mail.references ? { references: mail.references } : {}),
    headers: mail.headers.map((h) => ({ name: h.originalKey, value: h.value })),
    attachments: mail.attachments.map((a, index) => ({
      id: `AAMkAttachment${index}`,
      name: a.filename ?? `attachment-${index + 1}`,
      contentType: a.mimeType,
      isInline: a.disposition === 'inline' || a.related === true,
      ...(a.contentId ? { contentId: a.contentId.replace(/^<|>$/g, '') } : {}),
      contentBytes: Buffer.from(a.content as ArrayBuffer).toString('base64'),
    })),
  }
}

/** Raw mail from parts. `headers` of a parsed mail that have a field of their own are not repeated. */
export function compose(content: MessageContent, date: Date): Promise<Buffer> {
  const node = new MailComposer({
    ...(content.from ? { from: content.from } : {}),
    ...(content.sender ? { sender: content.sender } : {}),
    to: content.to,
    cc: content.cc,
    bcc: content.bcc,
    replyTo: content.replyTo,
    subject: content.subject,
    messageId: content.messageId,
    ...(content.inReplyTo ? { inReplyTo: content.inReplyTo } : {}),
    ...(content.references ? { references: content.references } : {}),
    ...(content.importance === 'normal' ? {} : { priority: content.importance as 'high' | 'low' }),
    date,
    headers: content.headers.filter((h) => /^x-/i.test(h.name)).map((h) => ({ key: h.name, value: h.value })),
    ...(content.text === undefined ? {} : { text: content.text }),
    ...(content.html === undefined ? {} : { html: content.html }),
    attachments: content.attachments.map((a) => ({
      filename: a.name,
      contentType: a.contentType,
      content: Buffer.from(a.contentBytes, 'base64'),
      contentDisposition: a.isInline ? ('inline' as const) : ('attachment' as const),
      ...(a.contentId ? { cid: a.contentId } : {}),
    })),
  }).compile()
  node.keepBcc = true
  return node.build()
}

export const newMessageId = (tenantHost = 'contoso'): string =>
  `<${randomUUID().replaceAll('-', '').toUpperCase()}@${tenantHost}.prod.outlook.example>`

/** One header's value without parsing the body; folded lines joined. */
export function headerOf(raw: Buffer, name: string): string | undefined {
  const text = headerBlock(raw).replace(/\r?\n[ \t]+/g, ' ')
  return new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'im').exec(text)?.[1]
}

/** The mail without one header field (all its lines). */
export function withoutHeader(raw: Buffer, name: string): Buffer {
  const head = headerBlock(raw)
  const cleaned = head.replace(new RegExp(`^${name}:.*\\r?\\n(?:[ \\t].*\\r?\\n)*`, 'gim'), '')
  return cleaned === head ? raw : Buffer.concat([Buffer.from(cleaned, 'latin1'), raw.subarray(head.length)])
}

// latin1 keeps one character per byte, so that offsets into the raw bytes stay right.
function headerBlock(raw: Buffer): string {
  const ends = [raw.indexOf('\r\n\r\n'), raw.indexOf('\n\n')].filter((at) => at >= 0)
  const end = ends.length > 0 ? Math.min(...ends) : raw.length
  const lineEnd = raw.indexOf('\n', end)
  return raw.toString('latin1', 0, lineEnd < 0 ? raw.length : lineEnd + 1)
}

const flat = (addresses: Address | Address[] | undefined): NamedAddress[] =>
  [addresses ?? []]
    .flat()
    .flatMap((a) => a.group ?? [a])
    .map(({ name, address }) => ({ name, address: address ?? '' }))
