/**
 * A mail or one of its parts as bytes: header fields, body, and the positions of its children, so that one part can
 * change while everything else stays as it was. Strings have one byte per character (latin1) and CRLF line endings.
 */
import { parseHeaderValue } from 'nodemailer/lib/mime-funcs'

export interface HeaderField {
  /** Lower case. */
  name: string
  /** With its name and folds, without the last CRLF. */
  text: string
}

export interface MimeEntity {
  fields: HeaderField[]
  body: string
  /** Lower case; `text/plain` when it names none. */
  type: string
  params: Readonly<Record<string, string>>
  /** Lower case; `7bit` when it names none. */
  encoding: string
}

export function readEntity(text: string): MimeEntity {
  const end = text.startsWith('\r\n') ? -2 : text.indexOf('\r\n\r\n')
  const fields = fieldsOf(end === -1 ? text.replace(/\r\n$/, '') : text.slice(0, Math.max(end, 0)))
  const body = end === -1 ? '' : text.slice(end + 4)
  const { value, params } = parameters(fieldValue(fields, 'content-type'))
  const encoding = parameters(fieldValue(fields, 'content-transfer-encoding')).value
  return { fields, body, type: value || 'text/plain', params, encoding: encoding || '7bit' }
}

export const writeEntity = ({ fields, body }: Pick<MimeEntity, 'fields' | 'body'>): string =>
  `${fields.map((field) => `${field.text}\r\n`).join('')}\r\n${body}`

function fieldsOf(block: string): HeaderField[] {
  const fields: HeaderField[] = []
  for (const line of block === '' ? [] : block.split('\r\n')) {
    const last = fields.at(-1)
    if (/^[ \t]/.test(line) && last) last.text += `\r\n${line}`
    else
      fields.push({
        name: line
          .slice(0, Math.max(line.indexOf(':'), 0))
          .trim()
          .toLowerCase(),
        text: line,
      })
  }
  return fields
}

/** Of the first field of this name, unfolded; empty when there is none. */
export const fieldValue = (fields: readonly HeaderField[], name: string): string =>
  contentOf(fields.find((field) => field.name === name))

export const contentOf = (field: HeaderField | undefined): string =>
  field === undefined
    ? ''
    : field.text
        .slice(field.text.indexOf(':') + 1)
        .replace(/\r\n/g, '')
        .trim()

/** Value in lower case and parameters of a structured field (RFC 2045 5.1, RFC 2231). */
export function parameters(content: string): { value: string; params: Record<string, string> } {
  // A comment that never ends is passed as one piece, so that no text costs more than its length.
  const said = content.replace(/\((?:[^()\\]|\\[\s\S])*(\))?/g, (piece, closed) => (closed ? ' ' : piece))
  const { value, params } = parseHeaderValue(said)
  return { value: value.trim().toLowerCase(), params }
}

/** The fields with this one set to `value`, or taken out for undefined. It keeps its place. */
export function withField(fields: readonly HeaderField[], name: string, value: string | undefined): HeaderField[] {
  const key = name.toLowerCase()
  const changed = value === undefined ? [] : [{ name: key, text: `${name}: ${value}` }]
  const at = fields.findIndex((field) => field.name === key)
  if (at === -1) return [...fields, ...changed]
  return fields.flatMap((field, index) => (field.name !== key ? [field] : index === at ? changed : []))
}

/** What a multipart body holds, in pieces that give the body back when they are joined. */
export interface Multipart {
  /** Up to and with the CRLF before the first delimiter. */
  preamble: string
  /** Each with the delimiter line before it. */
  parts: { delimiter: string; text: string }[]
  /** From the CRLF before the last delimiter on. */
  close: string
}

/** Undefined when the body has no delimiter of its own. */
export function readMultipart({ body, params }: Pick<MimeEntity, 'body' | 'params'>): Multipart | undefined {
  const boundary = params['boundary']
  if (boundary === undefined || boundary === '') return undefined
  const mark = `--${boundary}`
  const delimiters: { from: number; to: number; closes: boolean }[] = []
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + 1)) {
    if (at > 0 && body[at - 1] !== '\n') continue
    const lineEnd = body.indexOf('\r\n', at)
    const rest = body.slice(at + mark.length, lineEnd === -1 ? undefined : lineEnd)
    if (!/^(?:--)?[ \t]*$/.test(rest)) continue
    // The CRLF before a delimiter belongs to it (RFC 2046 5.1.1).
    const closes = rest.startsWith('--')
    delimiters.push({ from: Math.max(at - 2, 0), to: lineEnd === -1 ? body.length : lineEnd + 2, closes })
    if (closes) break
  }
  const [first] = delimiters
  if (first === undefined || first.closes) return undefined
  const parts = delimiters.flatMap(({ from, to, closes }, index) => {
    if (closes) return []
    const next = delimiters[index + 1]?.from ?? body.length
    return [{ delimiter: body.slice(from, to), text: body.slice(to, Math.max(next, to)) }]
  })
  const last = delimiters.at(-1)!
  return { preamble: body.slice(0, first.from), parts, close: last.closes ? body.slice(last.from) : '' }
}

export const writeMultipart = ({ preamble, parts, close }: Multipart): string =>
  `${preamble}${parts.map(({ delimiter, text }) => delimiter + text).join('')}${close}`

/** Kinds of parts whose bytes are covered by a signature or a key: nothing within may change (RFC 1847 2.1). */
export const isSealed = (type: string): boolean => type === 'multipart/signed' || type === 'multipart/encrypted'
