import PostalMime, { type Address, type Attachment, type Email } from 'postal-mime'
import { GatewayError } from '../errors.js'
import { type Base64Decoder, joinedBase64, joinedLines } from './joined-lines.js'
import { checkMailLimits, mailLimits, tooComplex } from './mail-limits.js'
import { plainText } from './plain-text.js'

export interface ParsedAddress {
  name: string
  address: string
}

/** A mail for people and programs: text and list of attachments, without their bytes. Nothing of it is to be believed. */
export interface ParsedMail {
  messageId: string
  inReplyTo: string
  references: string
  /** ISO date, or the sender's own words when they are no date. */
  date: string
  subject: string
  from: ParsedAddress[]
  replyTo: ParsedAddress[]
  to: ParsedAddress[]
  cc: ParsedAddress[]
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
  const email = await parse(raw)
  const header = (name: string): string => email.headers.find(({ key }) => key === name)?.value ?? ''
  const text = email.text ?? ''
  const html = email.html ?? ''
  return {
    messageId: email.messageId ?? '',
    inReplyTo: email.inReplyTo ?? '',
    references: email.references ?? '',
    date: email.date ?? '',
    subject: email.subject ?? '',
    from: addresses(email.from ? [email.from] : []),
    replyTo: addresses(email.replyTo),
    to: addresses(email.to),
    cc: addresses(email.cc),
    automatic: isAutomatic(header),
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

/** One attachment by its index in the parsed mail. */
export async function attachmentOf(
  raw: Uint8Array,
  index: number,
): Promise<{ bytes: Uint8Array; filename: string } | undefined> {
  const attachment = (await parse(raw)).attachments[index]
  return attachment && { bytes: contentOf(attachment), filename: attachment.filename ?? '' }
}

async function parse(raw: Uint8Array): Promise<Email> {
  checkMailLimits(raw)
  try {
    return await mailParser().parse(raw)
  } catch (error) {
    if (/nesting|header/i.test(String(error))) throw tooComplex('too many nested parts or too long a header')
    throw new GatewayError('mail_unreadable', 'permanent', {
      description: 'The mail does not follow the mail format closely enough to be taken apart.',
      remedy: 'Fetch its raw bytes.',
      cause: error,
    })
  }
}

/** Parts of the library that are not in its types. Its version is pinned, and tests notice when they are gone. */
interface PartNode {
  contentDecoder: unknown
  setupContentDecoder(encoding: string): void
}
interface Internals {
  root: PartNode
  /** Per leaf or alternative: what there is of each type. */
  textMap: Map<unknown, { plain?: { value: string }[]; html?: { value: string }[] }>
  textContent: { plain?: string; html?: string }
  renderTextContent(): void
}

const taught = new WeakSet<PartNode>()

/**
 * With our decoder for parts without transfer encoding, and our text of HTML: the library's take minutes for mail that is
 * made for it, and it has no option for either.
 */
export function mailParser(): PostalMime {
  const parser = new PostalMime({
    maxNestingDepth: mailLimits.depth,
    maxHeadersSize: mailLimits.headerBytes * 4,
    maxRfc822NestingDepth: 0,
  })
  const inner = parser as unknown as Internals
  inner.renderTextContent = () => Object.assign(inner.textContent, bodiesOf([...inner.textMap.values()]))
  const part = Object.getPrototypeOf(inner.root) as PartNode
  if (taught.has(part)) return parser
  taught.add(part)
  const usual = part.setupContentDecoder
  part.setupContentDecoder = function (this: PartNode, encoding: string) {
    usual.call(this, encoding)
    if (/base64/i.test(encoding)) this.contentDecoder = joinedBase64(this.contentDecoder as Base64Decoder)
    else if (!/quoted-printable/i.test(encoding)) this.contentDecoder = joinedLines()
  }
  return parser
}

/** Both bodies, each from its own parts and where there is none of them from the other kind. */
function bodiesOf(entries: { plain?: { value: string }[]; html?: { value: string }[] }[]): Internals['textContent'] {
  const joined = (values: { value: string }[] | undefined): string | undefined =>
    values?.map(({ value }) => value).join('\n')
  const has = (kind: 'plain' | 'html'): boolean => entries.some((entry) => entry[kind] !== undefined)
  const text = entries.map(
    ({ plain, html }) => joined(plain) ?? plainText((joined(html) ?? '').slice(0, mailLimits.textLength)),
  )
  const markup = entries.map(({ plain, html }) => joined(html) ?? `<pre>${escaped(joined(plain) ?? '')}</pre>`)
  return {
    ...(has('plain') ? { plain: text.join('\n') } : {}),
    ...(has('html') ? { html: markup.join('\n') } : {}),
  }
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

function contentOf(attachment: Attachment): Uint8Array {
  const { content } = attachment
  return typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content)
}

function addresses(list: Address[] | undefined): ParsedAddress[] {
  const flat = (list ?? []).flatMap((one) => (one.group === undefined ? [one] : one.group))
  return flat.slice(0, mailLimits.addresses).map(({ name, address }) => ({ name, address }))
}

function isAutomatic(header: (name: string) => string): boolean {
  const submitted = header('auto-submitted').trim().toLowerCase()
  return (
    (submitted !== '' && submitted !== 'no') ||
    header('list-id') !== '' ||
    /^\s*(bulk|list|junk)\s*$/i.test(header('precedence')) ||
    header('return-path').trim() === '<>'
  )
}
