import { GatewayError } from '../errors.js'

/** Limits for a mail that may be parsed (SEC-31); a mail that exceeds them keeps its raw bytes and is shown as such. */
export const mailLimits = {
  bytes: 50 * 1024 * 1024,
  headerBytes: 256 * 1024,
  /** Four times what 50 MB of ordinary text has; each costs about a microsecond. */
  lines: 2_000_000,
  parts: 1_000,
  depth: 30,
  /** Characters of text or HTML given out. */
  textLength: 1_000_000,
} as const

const newline = 10
const dash = 45

/** Which limit a mail exceeds first, and the place up to which it keeps all of them. */
export interface Exceeded {
  why: string
  at: number
}

/** Throws `mail_too_complex` for a mail that exceeds a limit. */
export function checkMailLimits(raw: Uint8Array): void {
  const exceeded = exceededLimit(raw)
  if (exceeded) throw tooComplex(exceeded.why)
}

/**
 * Counts before anything is parsed, in one pass over the lines and without building anything: header bytes, lines,
 * parts by their delimiter lines, nesting by the order in which declared boundaries are used.
 */
export function exceededLimit(raw: Uint8Array): Exceeded | undefined {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.byteLength, mailLimits.bytes))
  if (headerEnd(bytes) > mailLimits.headerBytes) {
    const at = bytes.lastIndexOf(newline, mailLimits.headerBytes) + 1
    return { why: `more than ${mailLimits.headerBytes} header bytes`, at }
  }
  const declared = new Set<string>()
  const open: string[] = []
  let parts = 0
  let lines = 0
  for (let at = 0; at < bytes.length; ) {
    if (++lines > mailLimits.lines) return { why: `more than ${mailLimits.lines} lines`, at }
    const next = bytes.indexOf(newline, at)
    const end = next === -1 ? bytes.length : next
    const first = bytes[at]
    if (first === dash && bytes[at + 1] === dash) {
      const line = bytes.toString('latin1', at + 2, Math.min(end, at + 202)).trimEnd()
      const closed = line.endsWith('--') && declared.has(line.slice(0, -2))
      const boundary = closed ? line.slice(0, -2) : line
      if (declared.has(boundary)) {
        const level = open.indexOf(boundary)
        if (level === -1) open.push(boundary)
        else open.length = closed ? level : level + 1
        if (!closed && ++parts > mailLimits.parts) return { why: `more than ${mailLimits.parts} parts`, at }
        if (open.length > mailLimits.depth) return { why: `parts nested deeper than ${mailLimits.depth}`, at }
      }
    } else if (first === 32 || first === 9 || first === 67 || first === 99) {
      const boundary = /boundary\s*=\s*(?:"([^"]{1,198})"|([^\s;"]{1,198}))/i.exec(
        bytes.toString('latin1', at, Math.min(end, at + 1_000)),
      )
      if (boundary) declared.add((boundary[1] ?? boundary[2] ?? '').trimEnd())
      if (declared.size > mailLimits.parts) return { why: `more than ${mailLimits.parts} boundaries`, at }
    }
    at = end + 1
  }
  if (raw.byteLength <= mailLimits.bytes) return undefined
  return { why: `${raw.byteLength} bytes, at most ${mailLimits.bytes}`, at: mailLimits.bytes }
}

/** Index behind the top header block. */
export function headerEnd(bytes: Buffer): number {
  const crlf = bytes.indexOf('\r\n\r\n')
  const lf = bytes.indexOf('\n\n')
  if (crlf === -1 && lf === -1) return bytes.length
  return crlf === -1 ? lf + 1 : lf === -1 ? crlf + 2 : Math.min(crlf + 2, lf + 1)
}

export function tooComplex(why: string): GatewayError {
  return new GatewayError('mail_too_complex', 'permanent', {
    description: `The mail cannot be shown in parts: ${why}.`,
    remedy:
      'Fetch its raw bytes; for a received mail, the gateway shows as much of the headers, text and attachments as it can. A mail to send needs fewer parts, headers or lines.',
  })
}
