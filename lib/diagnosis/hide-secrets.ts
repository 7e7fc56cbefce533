/**
 * Takes a session's own secrets out of what its peer says, by value. A server that was given a password may hand it on to
 * whoever reads our logs, in any writing a person or a web page can undo. Listing writings would always miss one; so the
 * line is read the other way round: every decoding of it is made, one upon the other, and when any of them holds the
 * secret or a long part of it, the whole line is withheld but for its reply code.
 *
 * What this cannot stop: a server that ciphers. It could as well send the password to that person itself.
 */
import { longestInput, mark } from './redact.js'

/** Stands for a line that repeated a secret in one writing or another. */
export const withheld = '[withheld: the server repeated a secret]'

/** `text` without the given secrets; at most the first 8,192 characters. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let hidden = text.slice(0, longestInput)
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
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), hex, hex.toUpperCase()]
  for (let offset = 0; offset < 3; offset++) {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
    // Only the characters that no neighbour influences.
    const core = shifted.toString('base64url').slice(Math.ceil((offset * 4) / 3), Math.floor((shifted.length * 4) / 3))
    if (core.length >= 5) forms.push(core, core.replaceAll('-', '+').replaceAll('_', '/'))
  }
  return forms
}

/** What to look for, each in Latin-1 of its bytes. */
interface Needles {
  /** In what was decoded. */
  exact: string[]
  /** In text as it stands, without what can stand between letters. */
  spread: string[]
  /** The same with letters and digits alone, whatever their case. */
  bare: string[]
}

const shortestSpread = 6

function needlesOf(secret: string): Needles {
  const parts = [secret, ...partsOf(secret)]
  const spread = parts.map(tight).filter((part) => part.length >= shortestSpread)
  return {
    exact: [
      ...parts.map((part) => binary(part)),
      binary(secret, 'latin1'),
      binary(secret, 'utf16le'),
      binary(secret, 'base64'),
    ].filter((form) => form.length >= 4),
    spread: [...spread, ...spread.map(rot13), ...spread.map(reversed)],
    bare: parts.map(bare).filter((part) => part.length >= 8),
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
  const { exact, spread, bare: letters } = needlesOf(secret)
  const holds = (where: string, needles: readonly string[]) => needles.some((needle) => where.includes(needle))
  const shown = [text, withoutReplyCodes(text)].flatMap((one) => [one, one.normalize('NFKC')])
  for (const one of new Set(shown)) if (holds(tight(one), spread) || holds(bare(one), letters)) return true
  let found = new Set(shown.map((one) => binary(one)))
  // Twice: base64 of percent-encoding, hex of base64.
  for (let depth = 0; depth < 2; depth++) {
    const decoded = new Set<string>()
    for (const one of found) for (const next of decodings(one)) decoded.add(next)
    for (const one of decoded) {
      const plain = one.replaceAll('\0', '')
      if (holds(one, exact) || holds(plain, exact) || holds(tight(plain), spread) || holds(bare(plain), letters))
        return true
    }
    found = decoded
    // Longer than any line of a server that means well: once is enough, so that it costs no more than a short one twice.
    if (text.length > 1_000) break
  }
  return false
}

/** Replies of several lines repeat their code, in the middle of what was wrapped. */
const withoutReplyCodes = (text: string): string =>
  text.replace(/^(?:\d{3}[ -](?:\d\.\d{1,3}\.\d{1,3} )?|\* (?:NO|BAD|BYE|OK) )/gm, '')

const binary = (text: string, encoding: BufferEncoding = 'utf8'): string =>
  encoding === 'base64' ? Buffer.from(text).toString('base64') : Buffer.from(text, encoding).toString('latin1')

/** Without space, invisible characters and the signs that people put between letters. */
const tight = (text: string): string => text.replace(/[\s\p{Cc}\p{Cf}\p{Mn}.,:;|_'"`/\\-]/gu, '')
const bare = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
const reversed = (text: string): string => [...text].reverse().join('')
const rot13 = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) => {
    const base = letter <= 'Z' ? 65 : 97
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base)
  })

/** Everything `text` may be a writing of, in Latin-1 of its bytes. */
function decodings(text: string): string[] {
  const escaped = unescaped(text)
  const found = [escaped]
  for (const one of new Set([text, escaped])) {
    found.push(...fromBase64(one), ...fromHex(one), fromNumbers(one, /\d{2,3}/g, 10), fromNumbers(one, /[01]{8}/g, 2))
  }
  return found
}

/** Percent, quoted-printable, entities and the escapes of programming languages, until nothing is left to undo. */
function unescaped(text: string): string {
  let before = text
  for (let round = 0; round < 3; round++) {
    const after = before
      .replace(/=\s*\r?\n\s*|=(?=[ ]?$)/gm, '')
      .replace(/(?:%|=|\\x)\s?([0-9a-f]{2})/gi, (_, hex: string) => character(hex, 16))
      .replace(/(?:\\u|%u|U\+)\{?([0-9a-f]{4,6})\}?/gi, (_, hex: string) => character(hex, 16))
      .replace(/&#x0{0,6}([0-9a-f]{1,6});?/gi, (_, hex: string) => character(hex, 16))
      .replace(/&#0{0,6}(\d{1,7});?/g, (_, digits: string) => character(digits, 10))
      .replace(/&(\w{2,6});/g, (whole, name: string) => entities[name] ?? whole)
      .replace(/\\([0-7]{3})/g, (_, digits: string) => character(digits, 8))
      .replace(/\\(["'\\/])/g, '$1')
    if (after === before) break
    before = after
  }
  return before
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
  const runs = text.match(/[A-Za-z0-9+/_-]{4,}/g) ?? []
  // Wrapped or spread: as one; each at every alignment, because what stands before it may be of the same letters.
  const wholes = [runs.join(''), text.replace(/[^A-Za-z0-9+/]/g, ''), text.replace(/[^A-Za-z0-9_-]/g, '')]
  const shifted = [...new Set(wholes)].flatMap((whole) => [0, 1, 2, 3].map((skip) => base64(whole.slice(skip))))
  return [...shifted, ...[0, 1, 2, 3].map((skip) => runs.map((run) => base64(run.slice(skip))).join(' '))]
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
