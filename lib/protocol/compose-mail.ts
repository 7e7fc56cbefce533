/**
 * From a checked submission to the bytes that leave: CRLF line ends only, one From, no Bcc, headers from a closed list,
 * a Message-ID derived from the mail's id so that every attempt carries the same one (P-09). Nothing here reads files or
 * URLs (SEC-29); what could inject is refused before the library sees it (SEC-27).
 */
import MailComposer from 'nodemailer/lib/mail-composer'
import { GatewayError, invalidInput } from '../errors.js'
import type { MailSubmission } from '../model/mail-submission.js'
import { normaliseMime } from './normalise-mime.js'

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

export const messageIdOf = (mailId: string, from: string): string =>
  `<${mailId}@${from.slice(from.lastIndexOf('@') + 1)}>`

/** `from` must be allowed already; for raw MIME its From (and Sender) must be that address. */
export async function composeMail(input: Composition): Promise<ComposedMail> {
  const { submission, from } = input
  const messageId = messageIdOf(input.mailId, from.address)
  if (submission.raw !== undefined)
    return normaliseMime(Buffer.from(submission.raw, 'base64'), { from: from.address, messageId, date: input.date })
  const names = Object.keys(submission.headers)
  const refused = names.find((name) => !isSettableHeader(name))
  if (refused !== undefined)
    throw invalidInput(`headers.${refused}`, `may not be set; allowed are X-… and ${[...settable].join(', ')}`, {
      status: 422,
    })
  const composer = new MailComposer({
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: '\r\n',
    from: from,
    to: input.to,
    cc: input.cc,
    ...(input.replyTo ? { replyTo: input.replyTo } : {}),
    subject: submission.subject,
    date: new Date(input.date),
    messageId,
    // Content as Buffer: a string or object could be read as a path, a URL or a data URI.
    ...(submission.text === undefined
      ? {}
      : { text: { content: lines(submission.text), contentType: 'text/plain; charset=utf-8' } }),
    ...(submission.html === undefined
      ? {}
      : { html: { content: lines(submission.html), contentType: 'text/html; charset=utf-8' } }),
    ...(submission.text === undefined && submission.html === undefined ? { text: '' } : {}),
    headers: names.map((key) => ({ key, value: submission.headers[key] ?? '' })),
    attachments: submission.attachments.map((part) => ({
      filename: part.filename,
      contentType: part.contentType,
      content: Buffer.from(part.content, 'base64'),
      contentTransferEncoding: 'base64',
      contentDisposition: part.disposition ?? (part.cid === undefined ? 'attachment' : 'inline'),
      ...(part.cid === undefined ? {} : { cid: part.cid }),
    })),
  })
  try {
    return { bytes: await composer.compile().build(), messageId }
  } catch (cause) {
    throw new GatewayError('mail_not_composable', 'permanent', {
      status: 422,
      description: 'The mail could not be put together from these fields.',
      remedy: 'Check names, subject and attachments for unusual characters.',
      cause,
    })
  }
}

/** One kind of line end, so that no look-alike of an end-of-data survives (SEC-28). */
const lines = (text: string): Buffer => Buffer.from(text.replace(/\r\n|\r|\n/g, '\r\n'), 'utf8')
