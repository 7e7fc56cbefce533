/**
 * Makes complete MIME from an app safe to send: line endings become CRLF (smuggling needs a bare CR or LF, SEC-28), Bcc
 * is removed, and there is exactly one allowed From, one Message-ID and one Date. Everything below the header stays as
 * it was.
 */
import { invalidInput } from '../errors.js'
import { parseMailAddress, sameAddress } from './mail-address.js'
import { contentOf, type HeaderField } from './mime-entity.js'

const dropped = new Set(['bcc', 'resent-bcc', 'return-path', 'delivered-to', 'apparently-to'])
const single = new Set([
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
])
const maxHeaderBytes = 256 * 1024

/** One mailbox, bare or behind a display name; comments, groups and lists are refused. */
const oneMailbox =
  /^(?:(?:"(?:[^"\\]|\\[^\r\n])*"\s*|[^<>@,;:()"\\]*)<((?:"(?:[^"\\<>]|\\[^\r\n<>])+"@)?[^<>\s"]+)>|((?:"(?:[^"\\<>]|\\[^\r\n<>])+"@)?[^<>\s,;:()"]+))$/

/** Headers are UTF-8 where they are not ASCII (RFC 6532). */
const addressIn = (match: RegExpExecArray | null): string | undefined => {
  const address = match?.[1] ?? match?.[2]
  return address === undefined ? undefined : Buffer.from(address, 'latin1').toString()
}

export function normaliseMime(
  raw: Uint8Array,
  wanted: { from: string; messageId: string; date: number },
): { bytes: Uint8Array; messageId: string } {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
    .toString('latin1')
    .replace(/\r\n|\r|\n/g, '\r\n')
  if (text.includes('\0')) throw refused('must not contain NUL bytes')
  if (/^content-transfer-encoding:\s*binary/im.test(text) && text.length !== raw.byteLength)
    throw refused('has a binary part with line breaks other than CRLF, which would be changed; encode it in base64')
  const end = text.startsWith('\r\n') ? -1 : text.indexOf('\r\n\r\n')
  if (end === -1) throw refused('must be a complete mail: headers, an empty line, a body')
  if (end > maxHeaderBytes) throw refused(`must have at most ${maxHeaderBytes} bytes of headers`)
  const headers = readHeaders(text.slice(0, end))
  for (const name of single)
    if (headers.filter((header) => header.name === name).length > 1) throw refused(`has more than one ${name} header`)
  const from = headers.find((header) => header.name === 'from')
  if (from === undefined) throw refused('has no From header')
  checkSender(from, wanted.from)
  const sender = headers.find((header) => header.name === 'sender')
  if (sender) checkSender(sender, wanted.from)

  const kept = headers.filter((header) => !dropped.has(header.name))
  const given = /^<[^\s<>@]{1,150}@[^\s<>@]{1,150}>$/.exec(
    contentOf(kept.find((header) => header.name === 'message-id')),
  )
  const messageId = given?.[0] ?? wanted.messageId
  const out = kept.filter((header) => header.name !== 'message-id').map((header) => header.text)
  out.push(`Message-ID: ${messageId}`)
  if (!kept.some((header) => header.name === 'date'))
    out.push(`Date: ${new Date(wanted.date).toUTCString().replace('GMT', '+0000')}`)
  const whole = `${out.join('\r\n')}${text.slice(end)}`
  return { bytes: Buffer.from(whole.endsWith('\r\n') ? whole : `${whole}\r\n`, 'latin1'), messageId }
}

function readHeaders(block: string): HeaderField[] {
  const headers: HeaderField[] = []
  for (const line of block.split('\r\n')) {
    if (/[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(line))
      throw refused('has control characters in its headers')
    if (line.length > 998) throw refused('has a header line of more than 998 bytes; fold it')
    const last = headers.at(-1)
    if (/^[ \t]/.test(line) && last) {
      if (line.trim() === '') throw refused('has an empty folded header line')
      last.text += `\r\n${line}`
      continue
    }
    const name = /^([!-9;-~]{1,200}):/.exec(line)?.[1]
    if (name === undefined)
      throw refused('has a header line without a name; start with headers, not with an envelope line')
    headers.push({ name: name.toLowerCase(), text: line })
  }
  return headers
}

function checkSender(header: HeaderField, allowed: string): void {
  const address = addressIn(oneMailbox.exec(contentOf(header)))
  if (address === undefined) throw refused(`must name exactly one plain address in ${header.name}`)
  if (!sameAddress(parseMailAddress(address, 'raw'), allowed))
    throw refused(`has a different address in ${header.name} from the mail's from`)
}

const refused = (why: string) => invalidInput('raw', why, { status: 422 })

/** Address in the From header of raw MIME; `undefined` when there is none that counts. */
export function fromOfMime(raw: Uint8Array): string | undefined {
  const text = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.byteLength, maxHeaderBytes))
    .toString('latin1')
    .replace(/\r\n|\r|\n/g, '\r\n')
  const end = text.indexOf('\r\n\r\n')
  const from = readHeaders(end === -1 ? text : text.slice(0, end)).find((header) => header.name === 'from')
  const address = addressIn(oneMailbox.exec(contentOf(from)))
  return address === undefined ? undefined : parseMailAddress(address, 'raw')
}
