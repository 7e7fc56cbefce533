/** The items that FETCH can return for a message. */
import { dateTime, quoted, type Token, text } from './imap-grammar.js'
import type { StoredMessage } from './mail-store.js'

const macros: Record<string, string[]> = {
  ALL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE'],
  FAST: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'],
}

/** The items asked for, in order, upper case; body sections keep their spelling. */
export function fetchItems(token: Token | undefined): string[] {
  const asked = Array.isArray(token) ? token.map(text) : [text(token)]
  return asked.flatMap((item) => macros[item.toUpperCase()] ?? [item.toUpperCase()])
}

/** True when fetching this item marks the message as read. */
export function marksSeen(item: string): boolean {
  return item.startsWith('BODY[') || item === 'RFC822' || item === 'RFC822.TEXT'
}

/** `NAME value` of one item; `undefined` when this server does not offer it (BODYSTRUCTURE, numbered parts). */
export function fetchItem(message: StoredMessage, item: string): Buffer | undefined {
  const said = (value: string) => Buffer.from(`${item} ${value}`)
  switch (item) {
    case 'FLAGS':
      return said(`(${message.flags.join(' ')})`)
    case 'UID':
      return said(String(message.uid))
    case 'INTERNALDATE':
      return said(`"${dateTime(message.internalDate)}"`)
    case 'RFC822.SIZE':
      return said(String(message.raw.length))
    case 'ENVELOPE':
      return said(envelope(headersOf(message.raw)))
    case 'RFC822':
      return literal('RFC822', message.raw)
    case 'RFC822.HEADER':
      return literal(item, split(message.raw).header)
    case 'RFC822.TEXT':
      return literal(item, split(message.raw).body)
  }
  const section = item.match(/^BODY(?:\.PEEK)?\[(.*)\](?:<(\d+)\.(\d+)>)?$/s)
  if (!section) return undefined
  const bytes = sectionBytes(message.raw, section[1]!)
  if (!bytes) return undefined
  if (section[2] === undefined) return literal(`BODY[${section[1]}]`, bytes)
  const from = Number(section[2])
  return literal(`BODY[${section[1]}]<${from}>`, bytes.subarray(from, from + Number(section[3])))
}

/** Header fields by lower-case name, unfolded, first occurrence. */
export function headersOf(raw: Buffer): Map<string, string> {
  const found = new Map<string, string>()
  for (const [name, line] of headerLines(raw)) {
    if (!found.has(name)) {
      found.set(
        name,
        line
          .slice(name.length + 1)
          .replace(/\r\n(?=[ \t])/g, '')
          .trim(),
      )
    }
  }
  return found
}

function literal(name: string, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${name} {${bytes.length}}\r\n`), bytes])
}

function split(raw: Buffer): { header: Buffer; body: Buffer } {
  const at = raw.indexOf('\r\n\r\n')
  const end = at < 0 ? raw.length : at + 4
  return { header: raw.subarray(0, end), body: raw.subarray(end) }
}

function sectionBytes(raw: Buffer, section: string): Buffer | undefined {
  if (section === '') return raw
  if (section === 'HEADER') return split(raw).header
  if (section === 'TEXT') return split(raw).body
  const fields = section.match(/^HEADER\.FIELDS(\.NOT)? \(([^)]*)\)$/)
  if (!fields) return undefined
  const names = fields[2]!
    .toLowerCase()
    .split(/\s+/)
    .map((name) => name.replaceAll('"', ''))
  const kept = headerLines(raw).filter(([name]) => names.includes(name) === !fields[1])
  return Buffer.from(`${kept.map(([, line]) => `${line}\r\n`).join('')}\r\n`, 'latin1')
}

function headerLines(raw: Buffer): [name: string, line: string][] {
  const lines = split(raw)
    .header.toString('latin1')
    .split(/\r\n(?![ \t])/)
  return lines
    .filter((line) => line.includes(':'))
    .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line])
}

function envelope(headers: Map<string, string>): string {
  const from = addresses(headers.get('from'))
  const or = (name: string) => (headers.has(name) ? addresses(headers.get(name)) : from)
  const lists = [from, or('sender'), or('reply-to'), ...['to', 'cc', 'bcc'].map((name) => addresses(headers.get(name)))]
  const edges = (names: string[]) => names.map((name) => quoted(headers.get(name)))
  return `(${[...edges(['date', 'subject']), ...lists, ...edges(['in-reply-to', 'message-id'])].join(' ')})`
}

function addresses(field: string | undefined): string {
  const each = [
    ...(field ?? '').matchAll(/(?:"((?:[^"\\]|\\.)*)"|([^",<]*))\s*<([^>@]*)@?([^>]*)>|([^\s,<>"]+)@([^\s,<>"]+)/g),
  ]
  if (each.length === 0) return 'NIL'
  const one = each.map(([, inQuotes, plain, local, domain, bareLocal, bareDomain]) => {
    const name = (inQuotes ?? plain)?.trim()
    return `(${quoted(name || undefined)} NIL ${quoted(local ?? bareLocal)} ${quoted(domain ?? bareDomain)})`
  })
  return `(${one.join('')})`
}
