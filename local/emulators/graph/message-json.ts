/** A message as Graph shows it, limited to `$select`. Only the requested fields are parsed. */
import type { Message, MessageContent, NamedAddress } from '../directory.js'
import type { MailboxRequest } from './graph-state.js'
import { contentOf } from './mime.js'
import { preference } from './preferences.js'

type Render = (content: MessageContent, message: Message, of: MailboxRequest) => unknown

const time = (ms: number) => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
const recipient = (a: NamedAddress) => ({ emailAddress: { name: a.name || a.address, address: a.address } })

/** Fields that need no parsing. */
const plainFields: Record<string, (message: Message) => unknown> = {
  createdDateTime: (m) => time(m.createdAt),
  lastModifiedDateTime: (m) => time(m.modifiedAt),
  changeKey: (m) => changeKey(m),
  categories: (m) => m.categories,
  receivedDateTime: (m) => time(m.receivedAt),
  sentDateTime: (m) => time(m.receivedAt),
  parentFolderId: (m) => m.folderId,
  conversationId: (m) => m.conversationId,
  isRead: (m) => m.isRead,
  isDraft: (m) => m.isDraft,
  flag: (m) => ({ flagStatus: m.flagStatus }),
}

const parsedFields: Record<string, Render> = {
  hasAttachments: (c) => c.attachments.some((a) => !a.isInline),
  internetMessageId: (c) => c.messageId,
  subject: (c) => c.subject,
  bodyPreview: (c) => plainText(c).replace(/\s+/g, ' ').trim().slice(0, 255),
  importance: (c) => c.importance,
  body: (c, _m, of) => body(c, preference(of.request.headers['prefer'], 'outlook.body-content-type')),
  sender: (c) => ((c.sender ?? c.from) ? recipient((c.sender ?? c.from)!) : undefined),
  from: (c) => (c.from ? recipient(c.from) : undefined),
  toRecipients: (c) => c.to.map(recipient),
  ccRecipients: (c) => c.cc.map(recipient),
  bccRecipients: (c) => c.bcc.map(recipient),
  replyTo: (c) => c.replyTo.map(recipient),
}

/** Only on request, as at the real service. */
const selectOnly: Record<string, Render> = {
  internetMessageHeaders: (c) => (c.headers.length > 0 ? c.headers : undefined),
}

export const idOf = (message: Pick<Message, 'id' | 'immutableId'>, of: MailboxRequest): string =>
  of.immutableIds ? message.immutableId : message.id

export async function messageJson(
  message: Message,
  of: MailboxRequest,
  select?: string,
): Promise<Record<string, unknown>> {
  const wanted = select
    ? select.split(',').map((s) => s.trim())
    : [...Object.keys(plainFields), ...Object.keys(parsedFields)]
  const shown: Record<string, unknown> = { '@odata.etag': etag(message), id: idOf(message, of) }
  for (const name of wanted) {
    const plain = plainFields[name]
    const render = parsedFields[name] ?? selectOnly[name]
    const value = plain ? plain(message) : render ? render(await contentOf(message), message, of) : undefined
    if (value !== undefined) shown[name] = value
  }
  return shown
}

export const etag = (message: Message): string => `W/"${changeKey(message)}"`

const changeKey = (message: Message): string => Buffer.from(`CQAAABYAAAA${message.seq}`).toString('base64')

function body(content: MessageContent, type: string | undefined) {
  if (type === 'text' || content.html === undefined) return { contentType: 'text', content: plainText(content) }
  return { contentType: 'html', content: content.html }
}

/** Readable text of a mail, made from HTML when there is no text part. */
export const plainText = (content: MessageContent): string =>
  content.text ??
  (content.html ?? '')
    .replace(/<(style|script|head)[\s\S]*?<\/\1>/gi, '')
    .replace(/<br\s*\/?>|<\/(p|div|tr|li|h\d)>/gi, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&nbsp;/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
