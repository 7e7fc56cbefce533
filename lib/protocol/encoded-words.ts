import { charsetText } from './charset-text.js'

interface Word {
  charset: string
  bytes: Buffer
}

/** One encoded word of RFC 2047; spaces inside it are wrong but occur. */
export const encodedWord = /=\?([^?\s]+)\?([bq])\?([^?]*)\?=/gi

/**
 * Text of a header with its encoded words decoded (RFC 2047). Neighbours of one charset are joined as bytes first,
 * because mailers cut in the middle of a character (forbidden by 5.3, and common); where that makes it worse, each
 * stands alone.
 */
export function decodeEncodedWords(text: string): string {
  if (!text.includes('=?')) return text
  let shown = ''
  let words: Word[] = []
  let at = 0
  const flush = (): void => {
    shown += textOf(words)
    words = []
  }
  for (const match of text.matchAll(encodedWord)) {
    const between = text.slice(at, match.index)
    // White space between two encoded words only folds the line (RFC 2047 6.2).
    if (words.length === 0 || between.trim() !== '') {
      flush()
      shown += between
    }
    const charset = match[1]!.replace(/\*.*$/, '').toLowerCase()
    if (words.length > 0 && words[0]!.charset !== charset) flush()
    words.push({ charset, bytes: match[2]!.toLowerCase() === 'b' ? Buffer.from(match[3]!, 'base64') : ofQ(match[3]!) })
    at = match.index + match[0].length
  }
  flush()
  return shown + text.slice(at)
}

function textOf(words: readonly Word[]): string {
  const charset = words[0]?.charset
  if (charset === undefined) return ''
  const joined = charsetText(Buffer.concat(words.map(({ bytes }) => bytes)), charset)
  if (words.length === 1 || !joined.includes('\ufffd')) return joined
  const apart = words.map(({ bytes }) => charsetText(bytes, charset)).join('')
  return unreadable(apart) < unreadable(joined) ? apart : joined
}

const unreadable = (text: string): number => text.split('\ufffd').length

function ofQ(text: string): Buffer {
  const bytes = Buffer.from(text)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    const pair = byte === 0x3d ? bytes.toString('latin1', at + 1, at + 3) : ''
    if (/^[0-9a-f]{2}$/i.test(pair)) {
      bytes[length++] = Number.parseInt(pair, 16)
      at += 2
    } else bytes[length++] = byte === 0x5f ? 0x20 : byte
  }
  return bytes.subarray(0, length)
}
