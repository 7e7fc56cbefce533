/**
 * Turns a checked submission into the bytes to send: only CRLF line endings, one From, no Bcc, headers from a closed
 * list, a Message-ID derived from the mail's id so that every attempt has the same one (P-09). Nothing here reads files
 * or URLs (SEC-29); input that could inject headers is refused before the library sees it (SEC-27).
 */
import { isAscii } from 'node:buffer'
import MailComposer from 'nodemailer/lib/mail-composer'
import { GatewayError, invalidInput } from '../errors.js'
import type { MailSubmission } from '../model/mail-submission.js'
import { fitMime } from './fit-mime.js'
import { normaliseMime } from './normalise-mime.js'
import { writeMime } from './write-mime.js'

export interface Person {
  address: string
  name: string
}

export interface Composition {
  mailId: string
  from: Person
  to: Person[]
  cc: Person[]
  replyTo: Person | undefined
  submission: MailSubmission
  /** Milliseconds. */
  date: number
}

export interface ComposedMail {
  bytes: Uint8Array
  messageId: string
}

const settable = new Set([
  'in-reply-to',
  'references',
  'list-unsubscribe',
  'list-unsubscribe-post',
  'list-id',
  'auto-submitted',
  'importance',
  'priority',
  'precedence',
  'sensitivity',
  'keywords',
  'comments',
  'organization',
  'content-language',
])

/** Headers an app may set: a closed list and `X-…` ones that do not steer a mail service. */
export function isSettableHeader(name: string): boolean {
  const lower = name.toLowerCase()
  return (
    settable.has(lower) ||
    (/^x-[a-z0-9-]+$/.test(lower) && !/^x-(ms-|google-|gm-|mailbox-gateway|originating-)/.test(lower))
  )
}

/** Refuses a header that an app may not set. */
export function checkHeader(name: string): void {
  if (isSettableHeader(name)) return
  const message = `may not be set; allowed are X-… and ${[...settable].join(', ')}`
  throw invalidInput(`headers.${name}`, message, { status: 422 })
}

const messageIdOf = (mailId: string, from: string): string => `<${mailId}@${from.slice(from.lastIndexOf('@') + 1)}>`

/**
 * Subtypes of message/ that are themselves text for machines, and stay as they are (RFC 2046 5.2, RFC 3464, RFC 8098).
 */
const plainMessages =
  /^message\/(?:rfc822|news|partial|external-body|delivery-status|disposition-notification|feedback-report)(?:;|$)/i

/** A file in base64; a mail as a mail, because an encoded one is shown empty (RFC 2046 5.2.1). */
function attached({ contentType, content }: MailSubmission['attachments'][number], field: string) {
  const bytes = Buffer.from(content, 'base64')
  const refuse = (why: string) => invalidInput(`${field}.contentType`, why, { status: 422 })
  if (/^multipart\//i.test(contentType))
    throw refuse('must not be multipart/…, which is never a file; use message/rfc822 or application/octet-stream')
  if (!plainMessages.test(contentType)) return { content: bytes, contentTransferEncoding: 'base64' as const }
  const text = bytes.toString('latin1').replace(/\r\n|\r|\n/g, '\r\n')
  if (text.includes('\0'))
    throw refuse('is that of a mail, but the content is not a mail; use application/octet-stream')
  const isMail = /^message\/(?:rfc822|news)/i.test(contentType)
  const body = isMail
    ? fitMime(Buffer.from(text, 'latin1'), { eightBit: true, utf8: false })
    : Buffer.from(text, 'latin1')
  const isSevenBit = isAscii(body)
  if (!isMail && (!isSevenBit || /[^\r\n]{999}/.test(text)))
    throw refuse('requires ASCII lines of at most 998 bytes; use application/octet-stream')
  return { content: body, contentTransferEncoding: isSevenBit ? ('7bit' as const) : ('8bit' as const) }
}

/** Larger mails are written in steps, so that other work is not held up. */
const atOnce = 65_536

const contentLength = ({ text = '', html = '', attachments }: MailSubmission): number =>
  attachments.reduce((sum, part) => sum + part.content.length, text.length + html.length)

/**
 * What no server takes is changed or refused here, while somebody listens; the rest when the server has said what it
 * takes.
 */
function normalised(raw: string, wanted: Parameters<typeof normaliseMime>[1]): ComposedMail {
  const { bytes, messageId } = normaliseMime(Buffer.from(raw, 'base64'), wanted)
  return { bytes: fitMime(bytes, { eightBit: true, utf8: true }), messageId }
}

/** `from` must be allowed already; for raw MIME its From (and Sender) must be that address. */
export async function composeMail(input: Composition): Promise<ComposedMail> {
  const { submission, from } = input
  const messageId = messageIdOf(input.mailId, from.address)
  if (submission.raw !== undefined)
    return normalised(submission.raw, { from: from.address, messageId, date: input.date })
  for (const name of Object.keys(submission.headers)) checkHeader(name)
  const composer = new MailComposer({
    disableFileAccess: true,
    disableUrlAccess: true,
    from: from,
    to: input.to,
    cc: input.cc,
    ...(input.replyTo ? { replyTo: input.replyTo } : {}),
    subject: submission.subject,
    date: new Date(input.date),
    messageId,
    // As `content` of a part a string is text and nothing else: never a path, a URL or a data URI.
    ...(submission.text === undefined
      ? {}
      : { text: { content: lines(submission.text), contentType: 'text/plain; charset=utf-8' } }),
    ...(submission.html === undefined
      ? {}
      : { html: { content: lines(submission.html), contentType: 'text/html; charset=utf-8' } }),
    ...(submission.text === undefined && submission.html === undefined ? { text: '' } : {}),
    headers: Object.entries(submission.headers).map(([key, value]) => ({ key, value })),
    attachments: submission.attachments.map((part, at) => ({
      filename: part.filename,
      contentType: part.contentType,
      ...attached(part, `attachments[${at}]`),
      contentDisposition: part.disposition ?? (part.cid === undefined ? 'attachment' : 'inline'),
      ...(part.cid === undefined ? {} : { cid: part.cid }),
    })),
  })
  try {
    const tree = composer.compile()
    const bytes = contentLength(submission) <= atOnce ? writeMime(tree) : await tree.build()
    if (hasBareBreak(bytes)) throw new Error('a line break of the composed mail is not CRLF')
    return { bytes, messageId }
  } catch (cause) {
    throw new GatewayError('mail_not_composable', 'permanent', {
      status: 422,
      description: 'The gateway could not compose a mail from these fields.',
      remedy: 'Check the names, the subject and the attachments for unusual characters.',
      cause,
    })
  }
}

/**
 * One kind of line end, so that no look-alike of an end-of-data survives (SEC-28). The library takes a part with an
 * empty string for no part, so an empty one is a buffer.
 */
const lines = (text: string): string | Buffer => (text === '' ? Buffer.alloc(0) : text.replace(/\r\n|\r|\n/g, '\r\n'))

const cr = 13
const lf = 10

function hasBareBreak(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(lf); at !== -1; at = bytes.indexOf(lf, at + 1)) if (bytes[at - 1] !== cr) return true
  for (let at = bytes.indexOf(cr); at !== -1; at = bytes.indexOf(cr, at + 1)) if (bytes[at + 1] !== lf) return true
  return false
}
