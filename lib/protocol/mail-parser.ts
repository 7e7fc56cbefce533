/**
 * The parser of received mail: the library, plus what real mail and mail crafted to be expensive require (SEC-31). The
 * library has no options for this, so the code relies on parts that are not in its types. Its version is pinned, and
 * tests notice if those parts disappear.
 */
import { isUtf8 } from 'node:buffer'
import PostalMime from 'postal-mime'
import { charsetText } from './charset-text.js'
import { decodeEncodedWords } from './encoded-words.js'
import { flowedText } from './flowed-text.js'
import { type Base64Decoder, joinedBase64, joinedLines, type PartDecoder, softBreaks } from './joined-lines.js'
import { mailLimits } from './mail-limits.js'
import { plainText } from './plain-text.js'

interface StructuredHeader {
  value: string
  params: Record<string, string>
}

export interface PartNode {
  contentDecoder: PartDecoder | null
  contentType: { value: string; parsed: StructuredHeader; multipart: string | false }
  contentDisposition: { parsed: StructuredHeader }
  content: ArrayBuffer | null
  childNodes: PartNode[]
  state: 'header' | 'body' | 'finished'
  headerLines: string[]
  postalMime: { headerSize: number }
  setupContentDecoder(encoding: string): void
  getTextContent(): string
  processHeaders(): void
  parseStructuredHeader(text: string): StructuredHeader
  feed(line: Uint8Array): void
}

interface Internals {
  root: PartNode
  /** Per leaf or alternative: what there is of each type. */
  textMap: Map<unknown, { plain?: { value: string }[]; html?: { value: string }[] }>
  textContent: { plain?: string; html?: string }
  renderTextContent(): void
  hasReportParts(): boolean
}

/** On the library's class itself: whoever loads this file a second time must not wrap the decoders twice. */
const taught = Symbol.for('mailbox-gateway.mail-parser')

export const rootOf = (parser: PostalMime): PartNode => (parser as unknown as Internals).root

export function mailParser(): PostalMime {
  const parser = new PostalMime({
    maxNestingDepth: mailLimits.depth,
    maxHeadersSize: mailLimits.headerBytes * 4,
    maxRfc822NestingDepth: 0,
  })
  const inner = parser as unknown as Internals
  // The library's text of HTML takes minutes for mail that is made for it.
  inner.renderTextContent = () => Object.assign(inner.textContent, bodiesOf([...inner.textMap.values()]))
  const usual = inner.hasReportParts
  // The one step between the last line and the bodies: now every part is known.
  inner.hasReportParts = function () {
    for (const part of partsOf(inner.root)) showLostBody(part)
    return usual.call(this)
  }
  const part = Object.getPrototypeOf(inner.root) as PartNode
  if (!Object.hasOwn(part, taught)) teach(part)
  return parser
}

function teach(part: PartNode): void {
  Object.defineProperty(part, taught, { value: true })
  const { setupContentDecoder, processHeaders, feed } = part
  part.setupContentDecoder = function (encoding) {
    setupContentDecoder.call(this, encoding)
    if (/base64/i.test(encoding)) this.contentDecoder = joinedBase64(this.contentDecoder as Base64Decoder)
    else if (/quoted-printable/i.test(encoding)) this.contentDecoder = softBreaks(this.contentDecoder as PartDecoder)
    else this.contentDecoder = joinedLines()
  }
  part.getTextContent = function () {
    if (!this.content) return ''
    const { charset = '', format = '', delsp = '' } = this.contentType.parsed.params
    const bytes = new Uint8Array(this.content)
    const text = charsetText(bytes, charset || charsetInside(this, bytes))
    return /^flowed$/i.test(format) ? flowedText(text, /^yes$/i.test(delsp)) : text
  }
  part.feed = function (line) {
    const inHeader = this.state === 'header' && line.length > 0
    feed.call(this, line)
    // The library would put a sign of its own in place of each byte.
    if (inHeader && !isUtf8(line)) this.headerLines[this.headerLines.length - 1] = `${mark}${latin1(line)}`
  }
  part.processHeaders = function () {
    readMarked(this.headerLines)
    processHeaders.call(this)
    mendContentType(this)
    for (const params of [this.contentType.parsed.params, this.contentDisposition.parsed.params])
      for (const name of ['filename', 'name'])
        if (params[name] !== undefined) params[name] = decodeEncodedWords(params[name])
  }
}

/** Before a header line that holds bytes which are no UTF-8, one character per byte. */
const mark = '\ufdd1'
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** Names and subjects in 8-bit letters (forbidden, and common) are in the charset of the text as a rule. */
function readMarked(lines: string[]): void {
  if (!lines.some((line) => line.startsWith(mark))) return
  const charset = /^content-type:.{0,900}?\bcharset\s*=\s*"?([\w.:-]{1,40})/im.exec(unfolded(lines))?.[1] ?? ''
  const usable = /^utf-?8$/i.test(charset) ? '' : charset
  for (const [at, line] of lines.entries())
    if (line.startsWith(mark)) lines[at] = charsetText(Buffer.from(line.slice(mark.length), 'latin1'), usable)
}

const unfolded = (lines: readonly string[]): string => lines.join('\n').replace(/\n[ \t]/g, ' ')

const mediaType = /^[\w!#$&^.+-]{1,80}\/[\w!#$&^.+-]{1,80}/

/**
 * A Content-Type that nobody can read means text (RFC 2045 5.2); one with something behind it means what is in front.
 */
function mendContentType(part: PartNode): void {
  const { parsed, value } = part.contentType
  parsed.value = parsed.value.trim().toLowerCase()
  const known = mediaType.exec(parsed.value)?.[0]
  if (known === parsed.value) return
  if (known !== undefined) {
    const rest = value.slice(value.toLowerCase().indexOf(known) + known.length).replace(/^[\s,;"'/]+/, '')
    part.contentType.parsed = part.parseStructuredHeader(`${known}; ${rest}`)
  } else parsed.value = /^"?(?:text\/?)?html?$/.test(parsed.value) ? 'text/html' : 'text/plain'
}

/** What HTML says of itself, where the mail says nothing. */
function charsetInside(part: PartNode, bytes: Uint8Array): string {
  if (part.contentType.parsed.value !== 'text/html') return ''
  const head = latin1(bytes.subarray(0, 1_024))
  return /<meta\b[^>]{0,200}?charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(head)?.[1] ?? ''
}

function* partsOf(part: PartNode): Generator<PartNode> {
  yield part
  for (const child of part.childNodes) yield* partsOf(child)
}

/** A multipart none of whose parts was found (no boundary, or another one) still has its text. */
function showLostBody(part: PartNode): void {
  const { contentType, childNodes, content } = part
  if (!contentType.multipart || childNodes.length > 0 || !content || content.byteLength === 0) return
  contentType.multipart = false
  contentType.parsed.value = 'text/plain'
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
