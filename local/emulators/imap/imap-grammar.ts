/** Reading IMAP commands (RFC 3501 with LITERAL+) and writing its strings. */
import type { Wire } from '../wire.js'

/** An atom or string, a literal, or a parenthesised list. */
export type Token = string | Buffer | Token[]

export interface ImapCommand {
  tag: string
  /** Upper case; `UID FETCH` is one name. */
  name: string
  tokens: Token[]
  /** The first line as it was sent. */
  line: string
}

/** Reads one command, asking for its literals; `undefined` when the peer is gone. */
export async function readCommand(wire: Wire, onLine: (line: string) => void): Promise<ImapCommand | undefined> {
  const parts: (string | Buffer)[] = []
  for (;;) {
    const line = await wire.line()
    if (line === undefined) return undefined
    onLine(line)
    const literal = line.match(/\{(\d+)(\+?)\}$/)
    if (!literal) {
      parts.push(line)
      return parse(parts)
    }
    parts.push(line.slice(0, literal.index))
    if (!literal[2]) wire.write('+ Ready for literal data\r\n')
    const bytes = await wire.exactly(Number(literal[1]))
    if (bytes === undefined) return undefined
    parts.push(bytes)
  }
}

function parse(parts: (string | Buffer)[]): ImapCommand {
  const line = String(parts[0])
  const [tag = '', first = '', second = ''] = line.split(' ')
  const isUid = first.toUpperCase() === 'UID'
  const name = (isUid ? `UID ${second}` : first).toUpperCase()
  const head = line.slice(tag.length + 1 + (isUid ? first.length + 1 + second.length : first.length))
  return { tag, name, line, tokens: tokens([head, ...parts.slice(1)]) }
}

function tokens(parts: (string | Buffer)[]): Token[] {
  const root: Token[] = []
  const open = [root]
  for (const part of parts) {
    if (Buffer.isBuffer(part)) {
      open.at(-1)!.push(part)
      continue
    }
    // Quoted string | parenthesis | atom, in which [...] may hold spaces and parentheses.
    for (const [, quoted, paren, atom] of part.matchAll(/"((?:[^"\\]|\\.)*)"|([()])|((?:\[[^\]]*\]|[^\s()"[])+)/g)) {
      if (paren === '(') {
        const list: Token[] = []
        open.at(-1)!.push(list)
        open.push(list)
      } else if (paren === ')') {
        if (open.length > 1) open.pop()
      } else open.at(-1)!.push(atom ?? quoted!.replace(/\\(.)/g, '$1'))
    }
  }
  return root
}

export function text(token: Token | undefined): string {
  return Buffer.isBuffer(token) ? token.toString('utf8') : typeof token === 'string' ? token : ''
}

/** A quoted string, or NIL. Anything a quoted string cannot hold becomes a literal. */
export function quoted(value: string | undefined): string {
  if (value === undefined) return 'NIL'
  if (/^[\x20-\x7e]*$/.test(value)) return `"${value.replace(/["\\]/g, '\\$&')}"`
  return `{${Buffer.byteLength(value)}}\r\n${value}`
}

/** `1:3,7,9:*` as a test; `*` is `last`, and `n:*` always contains it (RFC 3501 6.4.8). */
export function inSet(set: string, last: number): (n: number) => boolean {
  const ranges = set.split(',').map((range) => {
    const [from, to = from] = range.split(':').map((end) => (end === '*' ? last : Number(end)))
    return [Math.min(from!, to!), Math.max(from!, to!)] as const
  })
  return (n) => ranges.some(([low, high]) => n >= low && n <= high)
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** ` 5-Nov-2026 08:00:00 +0000`. */
export function dateTime(ms: number): string {
  const iso = new Date(ms).toISOString()
  const day = String(new Date(ms).getUTCDate()).padStart(2, ' ')
  return `${day}-${months[new Date(ms).getUTCMonth()]}-${iso.slice(0, 4)} ${iso.slice(11, 19)} +0000`
}

/** Milliseconds of `5-Nov-2026` (midnight UTC) or of a date-time; NaN when it is none. */
export function parseDate(value: string): number {
  const found = value.trim().match(/^(\d{1,2})-(\w{3})-(\d{4})(?: ([\d:]{8}) ([+-]\d{4}))?$/)
  if (!found) return Number.NaN
  const [, dayOfMonth, month, year, time = '00:00:00', zone = '+0000'] = found
  return Date.parse(`${dayOfMonth} ${month} ${year} ${time} ${zone}`)
}
