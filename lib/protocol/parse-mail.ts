import type { Attachment, Email } from 'postal-mime'
import { asGatewayError, GatewayError } from '../errors.js'
import { isAutomaticMail } from './automatic-mail.js'
import { decodeEncodedWords } from './encoded-words.js'
import { checkMailLimits, exceededLimit, headerEnd, mailLimits, tooComplex } from './mail-limits.js'
import { mailParser, type PartNode, rootOf } from './mail-parser.js'
import { type ReadAddress, readAddresses } from './read-addresses.js'

/** A mail for people and programs: text and a list of attachments, without their bytes. None of it can be trusted. */
export interface ParsedMail {
  messageId: string
  inReplyTo: string
  references: string
  /** ISO date, or the sender's own words when they are no date. */
  date: string
  subject: string
  /** Of all From headers, should there be several; so for the others. */
  from: ReadAddress[]
  sender: ReadAddress[]
  replyTo: ReadAddress[]
  to: ReadAddress[]
  cc: ReadAddress[]
  /** True when an automatic answer would risk a loop: automatic mail, a list, or no sender (SEC-33). */
  automatic: boolean
  text: string
  html: string
  /** True when text or HTML was longer than given. */
  cut: boolean
  attachments: { index: number; filename: string; type: string; contentId: string; inline: boolean; bytes: number }[]
}

/** Throws `mail_too_complex` for what exceeds the limits and `mail_unreadable` for what the parser refuses. */
export async function parseMail(raw: Uint8Array): Promise<ParsedMail> {
  checkMailLimits(raw)
  return mailOf(await parse(raw))
}

/**
 * For people who look at a mail that nobody can take apart as a whole: the parts in front of the limit that it exceeds,
 * else its headers, and the error that says why it is not more. Refuses nothing.
 */
export async function parseAsFarAsPossible(raw: Uint8Array): Promise<{ parsed: ParsedMail; problem?: GatewayError }> {
  const exceeded = exceededLimit(raw)
  let problem = exceeded && tooComplex(exceeded.why)
  for (const end of [exceeded?.at ?? raw.byteLength, Math.min(headEnd(raw), exceeded?.at ?? raw.byteLength), 0])
    try {
      const parsed = mailOf(await parse(raw.subarray(0, end)))
      return problem ? { parsed, problem } : { parsed }
    } catch (error) {
      problem ??= asGatewayError(error)
    }
  throw problem
}

const headEnd = (raw: Uint8Array): number => headerEnd(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength))

function mailOf({ email, root }: { email: Email; root: PartNode }): ParsedMail {
  const all = (name: string): string[] => email.headers.filter(({ key }) => key === name).map(({ value }) => value)
  const people = (name: string): ReadAddress[] => all(name).flatMap(readAddresses)
  const text = email.text ?? ''
  const html = email.html ?? ''
  const subject = decodeEncodedWords(all('subject')[0] ?? '')
  const [from, sender] = [people('from'), people('sender')]
  return {
    messageId: email.messageId ?? '',
    inReplyTo: email.inReplyTo ?? '',
    references: email.references ?? '',
    date: email.date ?? '',
    subject,
    from,
    sender,
    replyTo: people('reply-to'),
    to: people('to'),
    cc: people('cc'),
    automatic: isAutomaticMail({
      all,
      names: email.headers.map(({ key }) => key),
      subject,
      from,
      sender,
      type: root.contentType.parsed.value,
      parts: root.childNodes.filter(isShown).map((part) => part.contentType.parsed.value),
    }),
    text: text.slice(0, mailLimits.textLength),
    html: html.slice(0, mailLimits.textLength),
    cut: text.length > mailLimits.textLength || html.length > mailLimits.textLength,
    attachments: email.attachments.map((attachment, index) => ({
      index,
      filename: attachment.filename ?? '',
      type: attachment.mimeType,
      contentId: attachment.contentId ?? '',
      inline: attachment.disposition === 'inline' || attachment.related === true,
      bytes: contentOf(attachment).byteLength,
    })),
  }
}

/** One attachment by its index in the mail as far as it could be parsed. */
export async function attachmentOf(
  raw: Uint8Array,
  index: number,
): Promise<{ bytes: Uint8Array; filename: string } | undefined> {
  const attachment = (await parse(raw.subarray(0, exceededLimit(raw)?.at))).email.attachments[index]
  return attachment && { bytes: contentOf(attachment), filename: attachment.filename ?? '' }
}

const isShown = (part: PartNode): boolean => part.contentDisposition.parsed.value !== 'attachment'

async function parse(raw: Uint8Array): Promise<{ email: Email; root: PartNode }> {
  const parser = mailParser()
  try {
    return { email: await parser.parse(raw), root: rootOf(parser) }
  } catch (error) {
    if (/nesting|header/i.test(String(error))) throw tooComplex('too many nested parts or too long a header')
    throw new GatewayError('mail_unreadable', 'permanent', {
      description: 'The mail does not follow the mail format closely enough to be parsed.',
      remedy: 'Fetch its raw bytes.',
      cause: error,
    })
  }
}

function contentOf(attachment: Attachment): Uint8Array {
  const { content } = attachment
  return typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content)
}
