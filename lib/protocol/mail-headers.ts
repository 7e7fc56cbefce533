import { headerEnd } from './mail-limits.js'

/** The few header fields that identify and list a stored mail: raw, unfolded, bounded, never trusted. */
export interface TopHeaders {
  messageId: string
  date: string
  from: string
  subject: string
}

const maxBlock = 64 * 1024
const maxValue = 500

/** Reads from the first 64 KiB only and never throws, so that a hostile mail cannot hold up the ones behind it. */
export function topHeaders(raw: Uint8Array): TopHeaders {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.byteLength, maxBlock))
  const block = bytes.toString('utf8', 0, headerEnd(bytes)).replace(/\r?\n[ \t]+/g, ' ')
  const found: Record<string, string> = {}
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim().toLowerCase()
    if (colon < 1 || found[name] !== undefined) continue
    if (name !== 'message-id' && name !== 'date' && name !== 'from' && name !== 'subject') continue
    found[name] = line
      .slice(colon + 1)
      .replace(/[\u0000-\u001f\u007f-\u009f]/g, '')
      .trim()
      .slice(0, maxValue)
  }
  return {
    messageId: found['message-id'] ?? '',
    date: found['date'] ?? '',
    from: found['from'] ?? '',
    subject: found['subject'] ?? '',
  }
}

/** As people read it: encoded words decoded (RFC 2047). */
export async function subjectOfMime(raw: Uint8Array): Promise<string> {
  const { decodeWords } = await import('postal-mime')
  return decodeWords(topHeaders(raw).subject)
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
    .trim()
}
