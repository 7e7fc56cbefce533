/**
 * Takes a session's own secrets out of what its peer says, by value. A server that was given a password may hand it on
 * to whoever reads our logs, in any writing a person or a web page can undo. Listing writings would always miss one; so
 * the line is read the other way round: every decoding of it is made, one upon the other, each reading is looked at
 * before it is decoded again, and when any of them holds the secret or a long part of it, the whole line is withheld
 * but for its reply code. How much is decoded is bounded; a line that would take more is withheld as well.
 *
 * What this cannot stop: a server that ciphers. It could as well send the password to that person itself.
 */
import { mark } from './redact.js'

/** Stands for a line that repeated a secret in one writing or another. */
export const withheld = '[withheld: the server repeated a secret]'

/** More of a line is never shown. */
const longestLine = 2_048
/** Most characters that are decoded of one line; one that takes more to read means no good and is withheld. */
const mostDecoded = 100_000
/** Escapes of base64 of escapes. */
const deepest = 3

/** `text` without the given secrets; at most the first 2,048 characters. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let hidden = text.slice(0, longestLine)
  for (const secret of secrets) {
    if (secret.length < 4) continue
    // The usual writings, so that the rest of the line can stay.
    for (const form of usualForms(secret)) hidden = hidden.replaceAll(form, mark)
    if (repeats(hidden, secret)) return `${replyCode(hidden)}${withheld}`
  }
  return hidden
}

const replyCode = (text: string): string =>
  /^(?:\d{3}[ -](?:\d\.\d{1,3}\.\d{1,3} )?|(?:\*|[A-Z0-9]{1,5}) (?:NO|BAD|BYE) (?:\[[A-Z]{1,20}\] )?)/.exec(
    text,
  )?.[0] ?? ''

function usualForms(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  const forms = [
    secret,
    encodeURIComponent(secret.toWellFormed()),
    JSON.stringify(secret).slice(1, -1),
    hex,
    hex.toUpperCase(),
  ]
  for (let offset = 0; offset < 3; offset++) {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
    // Only the characters that no neighbour influences.
    const core = shifted.toString('base64url').slice(Math.ceil((offset * 4) / 3), Math.floor((shifted.length * 4) / 3))
    if (core.length >= 5) forms.push(core, core.replaceAll('-', '+').replaceAll('_', '/'))
  }
  return forms
}

/** What to look for. */
interface Needles {
  /** In what was decoded: as it is. */
  exact: string[]
  /** Without what can stand between letters. */
  spread: string[]
  /** With letters and digits alone, whatever their case. */
  bare: string[]
}

const shortestSpread = 6
const longEnough = (length: number) => (needle: string) => needle.length >= length

function needlesOf(secret: string): { shown: Needles; decoded: Needles } {
  const parts = [secret, ...partsOf(secret)]
  const bytes = [...parts.map((part) => binary(part)), binary(secret, 'latin1')]
  const spread = parts.map(tight).filter(longEnough(shortestSpread))
  const spreadBytes = bytes.map(tightBytes).filter(longEnough(shortestSpread))
  return {
    shown: {
      exact: [],
      spread: [...spread, ...spread.map(rot13), ...spread.map(reversed)],
      bare: parts.map(bare).filter(longEnough(8)),
    },
    decoded: {
      exact: [...bytes, binary(secret, 'utf16le'), binary(secret, 'base64')].filter(longEnough(4)),
      spread: [...spreadBytes, ...spreadBytes.map(rot13), ...spreadBytes.map(reversed)],
      bare: bytes.map(bareBytes).filter(longEnough(8)),
    },
  }
}

/** Parts that give the secret away: three quarters of a password, sixteen characters of a token. */
function partsOf(secret: string): string[] {
  const length = secret.length > 64 ? 16 : Math.max(8, Math.ceil(secret.length * 0.75))
  // Every part twice as long has one of these in it, or, of a password, every part of that length is one.
  const step = secret.length > 64 ? length : 1
  const parts = []
  for (let at = 0; at + length <= secret.length && secret.length > length; at += step)
    parts.push(secret.slice(at, at + length))
  return parts
}

function repeats(text: string, secret: string): boolean {
  const needles = needlesOf(secret)
  const shown = [text, withoutReplyCodes(text)].flatMap((one) => [one, one.normalize('NFKC').slice(0, 2 * longestLine)])
  for (const one of new Set(shown))
    if (holds(tight(one), needles.shown.spread) || holds(bare(one), needles.shown.bare)) return true
  const seen = new Set(shown.map((one) => binary(one)))
  let level = [...seen]
  let room = mostDecoded
  for (let depth = 1; depth <= deepest; depth++) {
    const legible: string[] = []
    for (const one of level)
      for (const reading of decodings(one)) {
        if (seen.has(reading)) continue
        seen.add(reading)
        room -= reading.length
        if (room < 0) return true
        const plain = reading.replaceAll('\0', '')
        if (holdsBytes(reading, plain, needles.decoded)) return true
        // Nobody reads on in what decoding left of ordinary words.
        if (/[ -~]{8}/.test(plain)) legible.push(plain)
      }
    level = legible
  }
  return false
}

const holds = (where: string, needles: readonly string[]): boolean => needles.some((needle) => where.includes(needle))

function holdsBytes(reading: string, plain: string, { exact, spread, bare: letters }: Needles): boolean {
  if (holds(plain, exact) || (plain !== reading && holds(reading, exact))) return true
  return holds(tightBytes(plain), spread) || holds(bareBytes(plain), letters)
}

/** Replies of several lines repeat their code, in the middle of what was wrapped. */
const withoutReplyCodes = (text: string): string =>
  text.replace(/^(?:\d{3}[ -](?:\d\.\d{1,3}\.\d{1,3} )?|\* (?:NO|BAD|BYE|OK) )/gm, '')

const binary = (text: string, encoding: BufferEncoding = 'utf8'): string =>
  encoding === 'base64' ? Buffer.from(text).toString('base64') : Buffer.from(text, encoding).toString('latin1')

/** Without space, invisible characters and the signs that people put between letters. */
const tight = (text: string): string => text.replace(/[\s\p{Cc}\p{Cf}\p{Mn}.,:;|_'"`/\\-]/gu, '')
const bare = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
/** The same of bytes, where nobody knows which of them are letters. */
const tightBytes = (text: string): string => text.replace(/[\0-\x20\x7f.,:;|_'"`/\\-]/g, '')
const bareBytes = (text: string): string => text.toLowerCase().replace(/[^0-9a-z\x80-\xff]/g, '')
const reversed = (text: string): string => [...text].reverse().join('')
const rot13 = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) => {
    const base = letter <= 'Z' ? 65 : 97
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base)
  })

/** Everything `text` may be a writing of, in Latin-1 of its bytes; what these are writings of is another step. */
function* decodings(text: string): Generator<string> {
  yield* unescaped(text)
  yield* fromBase64(text)
  yield* fromHex(text)
  yield fromNumbers(text, /\d{2,3}/g, 10)
  yield fromNumbers(text, /[0-7]{2,3}/g, 8)
  yield fromNumbers(text, /[01]{8}/g, 2)
}

/** Ways to write one character by others: by where they begin, how they look and how each is undone. */
const escapes: readonly { looks: RegExp; undo: (written: string) => string }[] = [
  // Percent-encoding.
  { looks: /%\s?[0-9a-f]{2}/i, undo: fromHexDigits },
  // Quoted-printable, with its soft line breaks.
  { looks: /=\s*\r?\n\s*|=(?= ?$)|=\s?[0-9a-f]{2}/im, undo: (written) => fromHexDigits(written) },
  // Of HTML.
  { looks: /&(?:#x0{0,6}[0-9a-f]{1,6}|#0{0,6}\d{1,7}|\w{2,6});?/i, undo: entity },
  // Of programming languages.
  { looks: /\\(?:x\s?[0-9a-f]{2}|u\{?[0-9a-f]{4,6}\}?|[0-7]{3}|["'\\/])/i, undo: backslashed },
  { looks: /(?:%u|U\+)\{?[0-9a-f]{4,6}\}?/i, undo: (written) => fromHexDigits(written.slice(1)) },
]

/** Undone alone, together and without one, because a secret may itself hold what looks like one of them. */
function* unescaped(text: string): Generator<string> {
  const present = escapes.filter(({ looks }) => looks.test(text))
  const choices = present.flatMap((one) => [[one], present.filter((other) => other !== one)])
  for (const chosen of [present, ...choices]) {
    if (chosen.length === 0) continue
    // In one pass, so that nothing that was undone is undone again.
    const any = new RegExp(chosen.map(({ looks }) => `(${looks.source})`).join('|'), 'gim')
    yield text.replace(any, (whole, ...groups: (string | undefined)[]) => {
      const which = groups.findIndex((group) => group !== undefined)
      return chosen[which]!.undo(whole)
    })
  }
}

function fromHexDigits(written: string): string {
  const digits = written.replace(/[^0-9a-f]/gi, '')
  return digits === '' ? '' : character(digits, 16)
}

function entity(whole: string): string {
  const name = whole.slice(1).replace(/;$/, '')
  if (/^#x/i.test(name)) return character(name.slice(2), 16)
  return name.startsWith('#') ? character(name.slice(1), 10) : (entities[name] ?? whole)
}

function backslashed(whole: string): string {
  const word = whole.slice(1)
  if (/^[xu]/i.test(word)) return character(word.replace(/[^0-9a-f]/gi, ''), 16)
  return word.length === 3 ? character(word, 8) : word
}

function character(digits: string, base: number): string {
  const code = Number.parseInt(digits, base)
  return code <= 0xff
    ? String.fromCharCode(code)
    : code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
      ? binary(String.fromCodePoint(code))
      : ''
}

/** HTML's names for what a password may have besides letters and digits. */
const entities: Readonly<Record<string, string>> = Object.fromEntries(
  'Tab \t|excl !|quot "|num #|dollar $|percnt %|amp &|apos \'|lpar (|rpar )|ast *|plus +|comma ,|period .|sol /|colon :|semi ;|lt <|equals =|gt >|quest ?|commat @|lsqb [|lbrack [|bsol \\|rsqb ]|rbrack ]|Hat ^|lowbar _|grave `|lcub {|lbrace {|verbar ||vert ||rcub }|rbrace }|nbsp  '
    .split(/\|(?=[A-Za-z])/)
    .map((pair) => [pair.slice(0, pair.indexOf(' ')), pair.slice(pair.indexOf(' ') + 1)]),
)

function fromBase64(text: string): string[] {
  // Wrapped or spread: as one. In the writing of mail folders (RFC 3501, section 5.1.3) a comma stands for a slash.
  const wholes = [/[^A-Za-z0-9+/]/g, /[^A-Za-z0-9_-]/g].map((others) => text.replace(others, ''))
  if (text.includes(',')) wholes.push(text.replaceAll(',', '/').replace(/[^A-Za-z0-9+/]/g, ''))
  const runs = text.match(/[A-Za-z0-9+/_-]{4,}/g) ?? []
  // Each at every alignment, because what stands before it may be of the same letters.
  const skips = [0, 1, 2, 3]
  const shifted = [...new Set([runs.join(''), ...wholes])].flatMap((whole) =>
    skips.map((skip) => base64(whole.slice(skip))),
  )
  return [...shifted, ...skips.map((skip) => runs.map((run) => base64(run.slice(skip))).join(' '))]
}

const base64 = (run: string): string => Buffer.from(run, 'base64').toString('latin1')

function fromHex(text: string): string[] {
  const joined = text.replace(/0x|\\x/gi, '').replace(/[^0-9a-f]/gi, '')
  const runs = (text.match(/(?:[0-9a-f]{2}[\s:,.-]{0,2}){4,}/gi) ?? []).map((run) => run.replace(/[^0-9a-f]/gi, ''))
  return [joined, joined.slice(1), runs.join(''), runs.map((run) => run.slice(1)).join('')].map((digits) =>
    Buffer.from(digits.slice(0, digits.length & ~1), 'hex').toString('latin1'),
  )
}

const fromNumbers = (text: string, pattern: RegExp, base: number): string =>
  (text.match(pattern) ?? []).map((digits) => character(digits, base)).join('')
