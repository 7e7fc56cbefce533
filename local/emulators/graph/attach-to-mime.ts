/**
 * Adds one attachment to a draft created from MIME: the mail keeps its headers and parts, as Exchange keeps the
 * properties it derived from them. Signed and encrypted mail is not such a draft: it loses the signature, as with every
 * other change.
 */
import { randomUUID } from 'node:crypto'
import { buildHeaderValue, foldLines } from 'nodemailer/lib/mime-funcs'
import type { Attachment } from '../directory.js'

/** Undefined when the draft must be made anew from what was read of it. */
export function attachToMime(raw: Buffer, attachment: Attachment): Buffer | undefined {
  const text = raw.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = text.slice(0, end + 2)
  const type = /^content-type:[ \t]*([^\s;]+)/im.exec(head)?.[1]?.toLowerCase() ?? 'text/plain'
  if (/^multipart\/(signed|encrypted|report)$|^message\/|pkcs7/.test(type)) return undefined
  const part = partOf(attachment)
  const home = type === 'multipart/mixed' || (attachment.isInline && /^multipart\/(related|alternative)$/.test(type))
  if (home)
    return Buffer.from(into(text, end, attachment.isInline ? relatedIn(text, end) : boundaryOf(head), part), 'latin1')
  // Everything that says what the body is goes to the body's own part.
  const fields = head.split(/\r\n(?![ \t])/).filter((field) => field !== '')
  const isOfBody = (field: string) => /^content-/i.test(field)
  const boundary = `_${randomUUID()}_`
  const top = fields.filter((field) => !isOfBody(field))
  if (!top.some((field) => /^mime-version:/i.test(field))) top.push('MIME-Version: 1.0')
  const kind = attachment.isInline ? 'related' : 'mixed'
  top.push(`Content-Type: multipart/${kind}; boundary="${boundary}"`)
  const inner = fields.filter(isOfBody).map((field) => `${field}\r\n`)
  const lines = [...top, '', `--${boundary}`, `${inner.join('')}\r\n${text.slice(end + 4)}`]
  return Buffer.from(`${lines.join('\r\n')}\r\n--${boundary}\r\n${part}\r\n--${boundary}--\r\n`, 'latin1')
}

const boundaryOf = (head: string): string => {
  const [, quoted, bare] = /boundary="?(?:(?<=")([^"]+)"|([^\s;"]+))/i.exec(head) ?? []
  return quoted ?? bare ?? ''
}

/** An inline picture belongs to the text that shows it. */
function relatedIn(text: string, end: number): string {
  const at = text.search(/^content-type:[ \t]*multipart\/related/im)
  return at === -1 ? boundaryOf(text.slice(0, end)) : boundaryOf(text.slice(at, text.indexOf('\r\n\r\n', at)))
}

function into(text: string, end: number, boundary: string, part: string): string {
  const at = text.lastIndexOf(`\r\n--${boundary}--`)
  if (boundary === '' || at < end) throw new Error('the draft has no end of its parts')
  return `${text.slice(0, at)}\r\n--${boundary}\r\n${part}${text.slice(at)}`
}

function partOf({ name, contentType, isInline, contentId, contentBytes }: Attachment): string {
  const disposition = { value: isInline ? 'inline' : 'attachment', params: { filename: name } }
  return [
    foldLines(`Content-Type: ${contentType}`, 76),
    foldLines(`Content-Disposition: ${buildHeaderValue(disposition)}`, 76),
    'Content-Transfer-Encoding: base64',
    ...(contentId === undefined ? [] : [`Content-ID: <${contentId}>`]),
    '',
    wrapped(contentBytes),
  ].join('\r\n')
}

/** Lines of 76 characters; by expression, files of 25 MB would take seconds. */
function wrapped(base64: string): string {
  const lines: string[] = []
  for (let at = 0; at < base64.length; at += 76) lines.push(base64.slice(at, at + 76))
  return lines.join('\r\n')
}
