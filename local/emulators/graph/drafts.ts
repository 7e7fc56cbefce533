/** Messages created and changed through Graph: drafts, read flags, categories, moves, attachments. */
import type { Attachment, Message, MessageContent } from '../directory.js'
import { json, type Reply, type Request } from '../loopback-server.js'
import { attachToMime } from './attach-to-mime.js'
import { badRequest, notFound, usualRefusal } from './graph-refusal.js'
import type { MailboxRequest } from './graph-state.js'
import { applyInput, attachmentOf, emptyContent, type MessageInput, mimeBody } from './message-input.js'
import { etag, idOf, messageJson } from './message-json.js'
import { compose, contentOf, newMessageId } from './mime.js'

function messageOf(of: MailboxRequest): Message {
  const message = of.mailbox.message(of.params['id']!)
  if (!message) throw notFound()
  return message
}

export function jsonBody(request: Request): MessageInput {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw usualRefusal(400, 'BadRequest')
  }
  try {
    return JSON.parse(request.body.toString()) as MessageInput
  } catch {
    throw badRequest('BadRequest', 'Unable to read JSON request payload.')
  }
}

const isMime = (request: Request): boolean => /^text\/plain\b/i.test(request.headers['content-type'] ?? '')

/** What a POST of a message holds: raw for MIME, parts for JSON. */
export async function newMail(
  of: MailboxRequest,
  input?: MessageInput,
): Promise<{ raw: Buffer; content?: MessageContent }> {
  if (!input && isMime(of.request)) return { raw: withMessageId(mimeBody(of.request.body)) }
  const content = applyInput(emptyContent(of.user), input ?? jsonBody(of.request))
  return { content, raw: await compose(content, new Date(of.state.now())) }
}

export async function createDraft(of: MailboxRequest): Promise<Reply> {
  const mail = await newMail(of)
  const draft = of.mailbox.add(of.params['folder'] ?? 'drafts', { ...mail, isDraft: true, isRead: true })
  return json(201, await messageJson(draft, of))
}

export const getMessage = async (of: MailboxRequest): Promise<Reply> =>
  json(200, await messageJson(messageOf(of), of, of.request.url.searchParams.get('$select') ?? undefined))

export const getMime = (of: MailboxRequest): Reply => ({
  status: 200,
  headers: { 'content-type': 'text/plain' },
  body: messageOf(of).raw,
})

export async function patchMessage(of: MailboxRequest): Promise<Reply> {
  const message = messageOf(of)
  const ifMatch = of.request.headers['if-match']
  if (ifMatch && ifMatch !== '*' && ifMatch !== etag(message)) throw usualRefusal(412, 'ErrorIrresolvableConflict')
  const { isRead, categories, flag, ...rest } = jsonBody(of.request)
  if (Object.keys(rest).length > 0) {
    if (!message.isDraft) throw badRequest('ErrorInvalidPropertySet', 'Only a draft can be changed.')
    await rewrite(of, message, applyInput(await contentOf(message), rest))
  }
  const flagStatus = (flag as { flagStatus?: Message['flagStatus'] } | undefined)?.flagStatus
  of.mailbox.change(message, {
    ...(typeof isRead === 'boolean' ? { isRead } : {}),
    ...(Array.isArray(categories) ? { categories: categories.map(String) } : {}),
    ...(flagStatus ? { flagStatus } : {}),
  })
  return json(200, await messageJson(message, of))
}

export async function moveMessage(of: MailboxRequest): Promise<Reply> {
  const message = messageOf(of)
  const folder = of.mailbox.folder(String(jsonBody(of.request)['destinationId'] ?? ''))
  if (!folder) throw usualRefusal(404, 'ErrorFolderNotFound')
  return json(201, await messageJson(of.mailbox.move(message, folder.id), of))
}

/** To Deleted Items first; from there permanently. */
export function deleteMessage(of: MailboxRequest): Reply {
  const message = messageOf(of)
  const bin = of.mailbox.folder('deleteditems')!
  if (message.folderId === bin.id) of.mailbox.remove(message)
  else of.mailbox.move(message, bin.id)
  return { status: 204 }
}

/** Into a folder that mail clients cannot open. Graph's page of permanentDelete: the global service only. */
export function deleteForGood(of: MailboxRequest): Reply {
  of.mailbox.remove(messageOf(of))
  return { status: 204 }
}

export async function listAttachments(of: MailboxRequest): Promise<Reply> {
  const message = messageOf(of)
  const { attachments } = await contentOf(message)
  return json(200, { value: attachments.map(attachmentJson) })
}

export async function getAttachment(of: MailboxRequest): Promise<Reply> {
  const attachment = await attachmentIn(of)
  if (!of.request.path.endsWith('/$value')) return json(200, attachmentJson(attachment))
  const body = Buffer.from(attachment.contentBytes, 'base64')
  return { status: 200, headers: { 'content-type': attachment.contentType }, body }
}

export async function addAttachment(of: MailboxRequest): Promise<Reply> {
  const attachment = attachmentOf(jsonBody(of.request))
  if (Buffer.byteLength(attachment.contentBytes, 'base64') > 3 * 1024 * 1024) {
    throw usualRefusal(413, 'ErrorAttachmentSizeShouldNotExceedLimit')
  }
  await attach(of, draftOf(of), attachment)
  return json(201, attachmentJson(attachment))
}

export async function deleteAttachment(of: MailboxRequest): Promise<Reply> {
  const attachment = await attachmentIn(of)
  const message = draftOf(of)
  const content = await contentOf(message)
  await rewrite(of, message, { ...content, attachments: content.attachments.filter((a) => a.id !== attachment.id) })
  return { status: 204 }
}

export function draftOf(of: MailboxRequest): Message {
  const message = messageOf(of)
  if (!message.isDraft) throw badRequest('ErrorInvalidOperation', `${idOf(message, of)} is not a draft.`)
  return message
}

export async function attach(
  of: Pick<MailboxRequest, 'mailbox' | 'state'>,
  message: Message,
  attachment: Attachment,
): Promise<void> {
  const raw = message.content === undefined ? attachToMime(message.raw, attachment) : undefined
  if (raw !== undefined) {
    of.mailbox.change(message, { raw })
    return
  }
  const content = await contentOf(message)
  await rewrite(of, message, { ...content, attachments: [...content.attachments, attachment] })
}

async function rewrite(
  of: Pick<MailboxRequest, 'mailbox' | 'state'>,
  message: Message,
  content: MessageContent,
): Promise<void> {
  of.mailbox.change(message, { content, raw: await compose(content, new Date(of.state.now())) })
}

async function attachmentIn(of: MailboxRequest): Promise<Attachment> {
  const { attachments } = await contentOf(messageOf(of))
  const attachment = attachments.find((a) => a.id === of.params['attachment'])
  if (!attachment) throw notFound()
  return attachment
}

export const attachmentJson = (a: Attachment): Record<string, unknown> => ({
  '@odata.type': '#microsoft.graph.fileAttachment',
  '@odata.mediaContentType': a.contentType,
  id: a.id,
  name: a.name,
  contentType: a.contentType,
  size: Buffer.byteLength(a.contentBytes, 'base64'),
  isInline: a.isInline,
  contentId: a.contentId ?? null,
  contentBytes: a.contentBytes,
})

// Exchange gives a Message-ID to MIME that has none, and keeps one that is there.
function withMessageId(raw: Buffer): Buffer {
  return /^message-id:/im.test(raw.toString('latin1', 0, 64_000).split(/\r?\n\r?\n/)[0] ?? '')
    ? raw
    : Buffer.concat([Buffer.from(`Message-ID: ${newMessageId()}\r\n`), raw])
}
