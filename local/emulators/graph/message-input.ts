/** Judges a message given as JSON, as strictly as the service: unknown properties and forbidden headers are 400. */
import type { Attachment, MessageContent, NamedAddress, User } from '../directory.js'
import { badRequest } from './graph-refusal.js'
import { newMessageId } from './mime.js'

const writable = new Set([
  ...['subject', 'body', 'from', 'sender', 'toRecipients', 'ccRecipients', 'bccRecipients', 'replyTo', 'importance'],
  ...[
    'internetMessageHeaders',
    'internetMessageId',
    'attachments',
    'isRead',
    'categories',
    'flag',
    'isDeliveryReceiptRequested',
  ],
  ...[
    'isReadReceiptRequested',
    'conversationId',
    'singleValueExtendedProperties',
    'hasAttachments',
    'inferenceClassification',
  ],
])

export type MessageInput = Record<string, unknown>

export const emptyContent = (owner: User): MessageContent => ({
  subject: '',
  from: { name: owner.displayName, address: owner.mail },
  to: [],
  cc: [],
  bcc: [],
  replyTo: [],
  importance: 'normal',
  messageId: newMessageId(),
  headers: [],
  attachments: [],
})

/** `base` with the given properties put over it. */
export function applyInput(base: MessageContent, input: MessageInput): MessageContent {
  for (const name of Object.keys(input)) {
    if (!writable.has(name) && !name.startsWith('@odata.')) {
      throw badRequest('RequestBodyRead', `The property '${name}' does not exist on type 'microsoft.graph.message'.`)
    }
  }
  const content = { ...base }
  if (typeof input['subject'] === 'string') content.subject = input['subject']
  if (typeof input['importance'] === 'string') content.importance = input['importance'].toLowerCase()
  if (typeof input['internetMessageId'] === 'string') content.messageId = input['internetMessageId']
  if (input['from']) content.from = addressOf(input['from'])
  if (input['sender']) content.sender = addressOf(input['sender'])
  if (input['toRecipients']) content.to = addressesIn(input['toRecipients'])
  if (input['ccRecipients']) content.cc = addressesIn(input['ccRecipients'])
  if (input['bccRecipients']) content.bcc = addressesIn(input['bccRecipients'])
  if (input['replyTo']) content.replyTo = addressesIn(input['replyTo'])
  if (input['internetMessageHeaders'] !== undefined) content.headers = headersIn(input['internetMessageHeaders'])
  if (input['attachments']) content.attachments = (input['attachments'] as MessageInput[]).map(attachmentOf)
  if (input['body']) applyBody(content, input['body'] as { contentType?: string; content?: string })
  return content
}

function applyBody(content: MessageContent, body: { contentType?: string; content?: string }): void {
  if (body.contentType?.toLowerCase() === 'html') {
    content.html = body.content ?? ''
    delete content.text
  } else {
    content.text = body.content ?? ''
    delete content.html
  }
}

let attachmentNumber = 0

/** A file attachment as JSON. */
export function attachmentOf(input: MessageInput): Attachment {
  const { name, contentType, contentBytes, isInline, contentId } = input
  if (input['@odata.type'] !== '#microsoft.graph.fileAttachment') {
    throw badRequest('ErrorInvalidRequest', 'Only #microsoft.graph.fileAttachment is emulated.')
  }
  if (typeof name !== 'string' || typeof contentBytes !== 'string') {
    throw badRequest('ErrorInvalidProperty', 'An attachment needs name and contentBytes.')
  }
  attachmentNumber += 1
  return {
    id: `AAMkAttachment${attachmentNumber}x${Date.now().toString(36)}`,
    name,
    contentType: typeof contentType === 'string' ? contentType : 'application/octet-stream',
    isInline: isInline === true,
    ...(typeof contentId === 'string' ? { contentId } : {}),
    contentBytes,
  }
}

function headersIn(value: unknown): { name: string; value: string }[] {
  const headers = value as { name: string; value: string }[]
  const isGood = Array.isArray(headers) && headers.length > 0 && headers.length <= 5
  if (!isGood || headers.some((h) => !/^x-[\w-]+$/i.test(h.name))) {
    throw badRequest('InvalidInternetMessageHeader', "Give 1 to 5 headers whose names begin with 'x-'.")
  }
  return headers
}

const addressesIn = (value: unknown): NamedAddress[] => (value as unknown[]).map(addressOf)

function addressOf(value: unknown): NamedAddress {
  const { emailAddress } = value as { emailAddress?: { name?: string; address?: string } }
  if (!emailAddress?.address) throw badRequest('ErrorInvalidRecipients', 'A recipient has no address.')
  return { name: emailAddress.name ?? '', address: emailAddress.address }
}

/** Raw mail from the base64 body of a `text/plain` request. */
export function mimeBody(body: Buffer): Buffer {
  const text = body.toString('latin1').replace(/\s+/g, '')
  if (!text || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw badRequest('ErrorMimeContentInvalidBase64String', 'The MIME content is not a valid base64 string.')
  }
  return Buffer.from(text, 'base64')
}
