import { GatewayError } from '../errors.js'

/** Bounds of a mail that may be parsed (SEC-31); what exceeds them keeps its raw bytes and is shown as such. */
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

/**
 * Counts before anything is parsed, in one pass over the lines and without building anything: header bytes, lines, parts by
 * their delimiter lines, nesting by the order in which declared boundaries are used. Throws `mail_too_complex`.
 */
export function checkMailLimits(raw: Uint8Array): void {
  if (raw.byteLength > mailLimits.bytes) throw tooComplex(`${raw.byteLength} bytes, at most ${mailLimits.bytes}`)
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  if (headerEnd(bytes) > mailLimits.headerBytes) throw tooComplex(`more than ${mailLimits.headerBytes} header bytes`)

  const declared = new Set<string>()
  const open: string[] = []
  let parts = 0
  let lines = 0
  for (let at = 0; at < bytes.length; ) {
    if (++lines > mailLimits.lines) throw tooComplex(`more than ${mailLimits.lines} lines`)
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
        if (!closed && ++parts > mailLimits.parts) throw tooComplex(`more than ${mailLimits.parts} parts`)
        if (open.length > mailLimits.depth) throw tooComplex(`parts nested deeper than ${mailLimits.depth}`)
      }
    } else if (first === 32 || first === 9 || first === 67 || first === 99) {
      const boundary = /boundary\s*=\s*(?:"([^"]{1,198})"|([^\s;"]{1,198}))/i.exec(
        bytes.toString('latin1', at, Math.min(end, at + 1_000)),
      )
      if (boundary) declared.add((boundary[1] ?? boundary[2] ?? '').trimEnd())
      if (declared.size > mailLimits.parts) throw tooComplex(`more than ${mailLimits.parts} boundaries`)
    }
    at = end + 1
  }
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
    remedy: 'Fetch its raw bytes; one that is to be sent needs fewer parts, headers or lines.',
  })
}
