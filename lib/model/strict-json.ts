/**
 * Refuses JSON of callers before it costs anything. A body of a few megabytes can contain millions of elements, and
 * creating them takes seconds and gigabytes; so one pass over the bytes counts what would be created, and only then is
 * the body parsed. The pass itself allocates nothing, whatever the body contains.
 *
 * It also refuses a key that appears twice in one object (the last would count, and nobody would know), keys that reach
 * a prototype (SEC-23), and half characters, which no storage accepts.
 */
import { isUtf8 } from 'node:buffer'
import { invalidInput } from '../errors.js'

export interface JsonLimits {
  /** Most values in all: members, elements, objects and lists. */
  values: number
}

/** A mail to three times 1,000 recipients with names and with 200 attachments has 11,000 values. */
export const mailJson: JsonLimits = { values: 12_000 }
/** Everything else is small. */
export const smallJson: JsonLimits = { values: 1_000 }

/** Deepest nesting; the deepest of ours is 6. */
const deepest = 32
/** Most elements of one list, most members of one object. */
const mostEntries = 1_000
/** Most bytes of one key, as written. */
const longestKey = 200
/** Most bytes outside of texts: signs, numbers, space. */
const mostBetween = 1_048_576

const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** The value of `bytes`, JSON in UTF-8. Throws `invalid_input` naming the field and the limit. */
export function strictJson(bytes: Uint8Array, limits: JsonLimits): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const from = buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0
  if (!isUtf8(buffer)) throw notJson()
  new Scan(buffer, limits.values).run(from)
  let value: unknown
  try {
    value = JSON.parse(buffer.toString('utf8', from))
  } catch {
    throw notJson()
  }
  refuseHalfCharacters(value, [])
  return value
}

interface Open {
  keys: Set<string> | undefined
  /** Entries so far. */
  count: number
  key: string
}

const quote = 0x22
const backslash = 0x5c

class Scan {
  readonly #open: Open[] = []
  #values = 1
  /** The next text is a key. */
  #key = false

  constructor(
    private readonly bytes: Buffer,
    private readonly mostValues: number,
  ) {}

  run(from: number): void {
    const { bytes } = this
    let between = 0
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === quote) {
        const end = endOfText(bytes, at + 1)
        if (this.#key) this.#name(at + 1, end)
        at = end
        continue
      }
      if (++between > mostBetween) throw this.#refusal(`has more than ${mostBetween} bytes outside of texts; send less`)
      if (byte === 0x2c) this.#next()
      else if (byte === 0x7b || byte === 0x5b) this.#enter(byte === 0x7b)
      else if (byte === 0x7d || byte === 0x5d) {
        this.#open.pop()
        this.#key = false
      }
    }
  }

  #enter(isObject: boolean): void {
    this.#count()
    if (this.#open.length >= deepest)
      throw invalidInput('body', `is nested more than ${deepest} levels deep; send it with less nesting`)
    this.#open.push({ keys: isObject ? new Set() : undefined, count: 1, key: '' })
    this.#key = isObject
  }

  #next(): void {
    this.#count()
    const top = this.#open.at(-1)
    if (!top) return
    if (++top.count > mostEntries) throw this.#refusal(`must have at most ${mostEntries} entries; send less`, 1)
    this.#key = top.keys !== undefined
  }

  #count(): void {
    if (++this.#values > this.mostValues)
      throw invalidInput('body', `has more than ${this.mostValues} values; send less in one request`)
  }

  #name(from: number, to: number): void {
    this.#key = false
    const top = this.#open.at(-1)
    if (!top?.keys) return
    if (to - from > longestKey) throw this.#refusal(`has a key of more than ${longestKey} bytes; shorten it`, 1)
    const key = keyOf(this.bytes.toString('utf8', from, to))
    if (forbiddenKeys.has(key)) throw invalidInput(key, 'is not an allowed key.')
    top.key = key
    if (top.keys.has(key)) throw this.#refusal('is given twice, and only one can count; give it once')
    top.keys.add(key)
  }

  /** Names the place where the scan stands, `up` levels above it. */
  #refusal(message: string, up = 0): Error {
    const path = this.#open.slice(0, this.#open.length - up)
    return invalidInput(pathOf(path.map(({ keys, key, count }) => (keys ? key : count - 1))), message)
  }
}

/** Where the text that begins at `at` ends: the place of its closing quote. */
function endOfText(bytes: Buffer, at: number): number {
  for (;;) {
    // Short texts by hand; what is longer is searched by the platform, which is ten times as fast.
    const near = Math.min(bytes.length, at + 64)
    for (; at < near; at++) {
      if (bytes[at] === quote) return at
      if (bytes[at] === backslash) at++
    }
    if (at >= bytes.length) throw notJson()
    const next = bytes.indexOf(quote, at)
    if (next === -1) throw notJson()
    let escapes = 0
    while (next - 1 - escapes >= at && bytes[next - 1 - escapes] === backslash) escapes++
    if (escapes % 2 === 0) return next
    at = next + 1
  }
}

function keyOf(written: string): string {
  if (!written.includes('\\')) return written
  try {
    return JSON.parse(`"${written}"`) as string
  } catch {
    throw notJson()
  }
}

function refuseHalfCharacters(value: unknown, path: (string | number)[]): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed())
      throw invalidInput(pathOf(path), 'contains half a character (a lone surrogate); send it whole')
  } else if (typeof value === 'object' && value !== null) {
    const isList = Array.isArray(value)
    for (const [key, inner] of Object.entries(value)) {
      path.push(isList ? Number(key) : key)
      if (!key.isWellFormed()) throw invalidInput(pathOf(path), 'contains half a character in its key; send it whole')
      refuseHalfCharacters(inner, path)
      path.pop()
    }
  }
}

function pathOf(path: readonly (string | number)[]): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
  return parts.join('').replace(/^\./, '').slice(0, 200).toWellFormed() || 'body'
}

function notJson(): Error {
  return invalidInput('body', 'is not valid JSON in UTF-8; check quotes, commas and the encoding.')
}
