import { hash, randomBytes, randomFillSync } from 'node:crypto'

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
/** The characters an id may begin with, in the order of row keys. */
export const idAlphabet = [...alphabet].sort()

/** Lower-case base32 without padding (RFC 4648 alphabet). */
function base32(bytes: Uint8Array): string {
  let text = ''
  let buffer = 0
  let bits = 0
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(buffer >> bits) & 31]
    }
  }
  return bits > 0 ? text + alphabet[(buffer << (5 - bits)) & 31] : text
}

const idBytes = 17
/** Random bytes in stock: asking for a few at a time costs more than the id itself. No byte is used twice. */
const stock = Buffer.alloc(idBytes * 128)
let used = stock.length

/** A fresh id: 26 characters, 130 random bits. */
export function newId(): string {
  if (used === stock.length) {
    randomFillSync(stock)
    used = 0
  }
  used += idBytes
  return base32(stock.subarray(used - idBytes, used)).slice(0, 26)
}

/** A fresh secret: 32 characters, 160 random bits. */
export function newSecret(): string {
  return base32(randomBytes(20))
}

/** External text as a key: 26 characters of SHA-256 over the parts, separated so that no two lists collide. */
export function hashId(...parts: string[]): string {
  const text = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('')
  return base32(hash('sha256', bytesOf(text), 'buffer')).slice(0, 26)
}

/**
 * UTF-8 knows no lone surrogate and would make all of them one: such text keeps its UTF-16, behind a byte UTF-8 never
 * has.
 */
const bytesOf = (text: string): string | Uint8Array =>
  !/\p{Surrogate}/u.test(text) ? text : Buffer.concat([Buffer.of(0xff), Buffer.from(text, 'utf16le')])

/** SHA-256 in hex, for secrets that are only ever compared. */
export function sha256(text: string | Uint8Array): string {
  return hash('sha256', text)
}

const idPattern = /^[a-z2-7]{26}$/
export const isId = (text: string): boolean => idPattern.test(text)

const tenantPattern = /^(?=.{2,32}$)[a-z0-9]+(-[a-z0-9]+)*$/
/** Slug: words of a-z and 0-9 joined by single '-', 2 to 32 characters. */
export const isTenantId = (text: string): boolean => tenantPattern.test(text)
