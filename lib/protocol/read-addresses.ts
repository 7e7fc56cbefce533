/**
 * People in a header of a received mail (From, To, …), as mailers write them and not as RFC 5322 requires: it returns
 * the addresses that are there, invents nothing and drops nobody. It makes one pass over the text; `partners` says
 * beforehand what each delimiter belongs to, so that nothing is searched twice whatever the text contains.
 *
 * Never use it for outgoing mail: there a wrong address is refused (`mail-address.ts`).
 */
import { decodeEncodedWords } from './encoded-words.js'

export interface ReadAddress {
  /** As people read it; may be empty. */
  name: string
  /** Empty where the header has none. */
  address: string
}

/** What stands between two separators. */
interface Entry {
  before: string[]
  after: string[]
  comments: string[]
  /** What stands in angle brackets, or is written bare as `"local part"@domain`. */
  address: string | undefined
  isBlank: boolean
  /** A colon in it begins no group. */
  isNoGroup: boolean
}

const emptyEntry = (): Entry => ({
  before: [],
  after: [],
  comments: [],
  address: undefined,
  isBlank: true,
  isNoGroup: false,
})

/** `text` is one unfolded header value. */
export function readAddresses(text: string): ReadAddress[] {
  return new Reader(text, true).run()
}

const aWord = /=\?[^?\s]+\?[bq]\?[^?]*\?=/iy
/** Where an address that began without quotes ends. */
const endOfWord = /[\s,;<>()"]/g

class Reader {
  readonly #people: ReadAddress[] = []
  /** Names that had no address when their comma came: the first part of `Smith, Ana <ana@x.example>`. */
  #waiting: string[] = []
  #entry = emptyEntry()
  #group: { name: string; from: number } | undefined
  readonly #partners: ReadonlyMap<number, number>
  readonly #lastSemicolon: number

  constructor(
    private readonly text: string,
    private readonly mayDecode: boolean,
  ) {
    this.#partners = partners(text)
    this.#lastSemicolon = text.lastIndexOf(';')
  }

  run(): ReadAddress[] {
    for (let at = 0; at < this.text.length; ) at = this.#step(at)
    this.#end('')
    this.#closeGroup()
    return this.#people
  }

  /** Reads what begins at `at` and answers where the next begins. */
  #step(at: number): number {
    const { text } = this
    const sign = text[at]!
    const partner = this.#partners.get(at)
    aWord.lastIndex = at
    const word = sign === '=' ? aWord.exec(text)?.[0] : undefined
    if (word !== undefined) return this.#add(word, at + word.length)
    if (sign === '"' && partner !== undefined) return this.#quoted(at, partner)
    if (sign === '(' && partner !== undefined) {
      this.#entry.comments.push(text.slice(at + 1, partner).replace(/\\(.)/g, '$1'))
      return this.#add(' ', partner + 1)
    }
    if (sign === '[' && partner !== undefined) return this.#add(text.slice(at, partner + 1), partner + 1)
    if (sign === '<') return this.#angle(at)
    if (sign === ',' || sign === ';') {
      this.#end(sign)
      if (sign === ';') this.#closeGroup()
      return at + 1
    }
    if (sign === ':' && this.#opensGroup(at)) {
      this.#tell([])
      this.#group = { name: plain(joined(this.#entry.before)), from: this.#people.length }
      this.#entry = emptyEntry()
      return at + 1
    }
    return this.#add(sign, at + 1)
  }

  #add(piece: string, next: number): number {
    const entry = this.#entry
    if (entry.address === undefined) entry.before.push(piece)
    else entry.after.push(piece)
    if (piece === '@') entry.isNoGroup = true
    if (entry.isBlank) entry.isBlank = piece.trim() === ''
    return next
  }

  #quoted(at: number, end: number): number {
    const { text } = this
    const isLocalPart = text[end + 1] === '@' && this.#entry.isBlank && this.#entry.address === undefined
    if (!isLocalPart) return this.#add(hidden(text.slice(at + 1, end).replace(/\\(.)/gs, '$1')), end + 1)
    endOfWord.lastIndex = end + 1
    const next = endOfWord.exec(text)?.index ?? text.length
    this.#entry.address = text.slice(at, next)
    return next
  }

  /** From `<` to its `>`; where that is missing, to where an address must end. */
  #angle(at: number): number {
    const { text } = this
    let end = at + 1
    for (; end < text.length && text[end] !== '>' && text[end] !== '<'; end++)
      if (text[end] === '"') end = this.#partners.get(end) ?? end
    // Of `<<ana@x.example>>` the inner one counts.
    if (text[end] === '<') return text.slice(at + 1, end).trim() === '' ? end : this.#add('<', at + 1)
    const isClosed = end < text.length
    if (!isClosed) {
      endOfWord.lastIndex = at + 1 + /^\s*/.exec(text.slice(at + 1, at + 20))![0].length
      end = endOfWord.exec(text)?.index ?? text.length
    }
    const address = cleaned(text.slice(at + 1, end))
    // One behind another without a comma: what stands between is the name of the second.
    if (this.#entry.address !== undefined && address !== '') {
      const between = this.#entry.after.splice(0)
      this.#end(',')
      this.#entry.before = between
    }
    if (address !== '') this.#entry.address = address
    return isClosed ? (text[end + 1] === '>' ? end + 2 : end + 1) : end
  }

  /** `Team: ana@x.example, bo@x.example;` and not `ACME: Support <support@x.example>`, nor `mailto:`. */
  #opensGroup(at: number): boolean {
    const { isNoGroup, isBlank, address, before } = this.#entry
    if (this.#group || isNoGroup || isBlank || address !== undefined || at > this.#lastSemicolon) return false
    this.#entry.isNoGroup = true
    return joined(before).toLowerCase() !== 'mailto'
  }

  /** A group without members is the only one named there is. */
  #closeGroup(): void {
    if (this.#group && this.#people.length === this.#group.from && this.#group.name !== '')
      this.#people.push({ name: this.#group.name, address: '' })
    this.#group = undefined
  }

  #end(separator: string): void {
    const entry = this.#entry
    this.#entry = emptyEntry()
    const bare = entry.address === undefined ? bareAddresses(entry) : undefined
    const text = bare ? bare.name : joined(entry.before) || joined(entry.after)
    const comment = entry.comments.join(' ')
    if (entry.address === undefined && bare === undefined) {
      const inside = this.#encoded(text)
      if (inside !== undefined) this.#tell(inside)
      else if (text !== '' && separator === ',') this.#waiting.push(text)
      else this.#tell(text === '' && comment === '' ? [] : [{ name: plain(text || comment), address: '' }])
      return
    }
    // A bare address has no first half of a name before its comma: that was somebody else.
    const halves = text === '' && bare ? [] : this.#waiting.splice(0)
    const name = plain([...halves, text].filter((one) => one !== '').join(', ')) || plain(comment)
    const [first = '', ...more] = bare?.addresses ?? [entry.address ?? '']
    this.#tell([personOf(name, first), ...more.map((address) => ({ name: '', address }))])
  }

  /** The whole of `Ana <ana@x.example>` in one encoded word, as some mailers write it. */
  #encoded(text: string): ReadAddress[] | undefined {
    if (!this.mayDecode || !text.startsWith('=?')) return undefined
    const decoded = decodeEncodedWords(text)
    return /<[^<>@\s]+@[^<>@\s]+>/.test(decoded) ? new Reader(decoded, false).run() : undefined
  }

  #tell(people: readonly ReadAddress[]): void {
    for (const name of this.#waiting.splice(0)) this.#people.push({ name: plain(name), address: '' })
    for (const person of people) this.#people.push(person)
  }
}

function personOf(name: string, address: string): ReadAddress {
  return { name: name.toLowerCase() === address.toLowerCase() ? '' : name, address }
}

/** Addresses without brackets among the words that stand in no quotes. */
function bareAddresses({ before, comments }: Entry): { addresses: string[]; name: string } | undefined {
  const text = before.join('')
  const spaced = /^\s*([^\s@]{1,64})\s*@\s*([^\s@]{1,255}\.[^\s@]{1,63})\s*$/.exec(text.length > 600 ? '' : text)
  if (spaced && !text.includes(mark)) return { addresses: [cleaned(`${spaced[1]}@${spaced[2]}`)], name: '' }
  const addresses: string[] = []
  const words: string[] = []
  for (const word of text.split(/[ \t\r\n]+/)) {
    const address = word.includes('@') && !word.includes(mark) ? bareAddress(word) : ''
    if (address === '') words.push(word)
    else addresses.push(address)
  }
  if (addresses.length > 0) return { addresses, name: joined([words.join(' ')]) }
  const inComment = comments.map(bareAddress).find((address) => address !== '')
  return inComment === undefined ? undefined : { addresses: [inComment], name: joined([text]) }
}

function bareAddress(word: string): string {
  const address = cleaned(trimmed(word.trim()))
  const at = address.lastIndexOf('@')
  return at > 0 && at < address.length - 1 && !/\s/.test(address) ? address : ''
}

/** Without the signs that people and mailers put around an address. */
function trimmed(word: string): string {
  let from = 0
  let to = word.length
  while (from < to && "'[{<>*".includes(word[from]!)) from++
  while (to > from && "']}>*.:".includes(word[to - 1]!)) to--
  // Of a domain literal the bracket stays.
  return word.slice(from, word.slice(from, to).includes('@[') ? Math.min(word.length, to + 1) : to)
}

/** No address is longer (RFC 5321 4.5.3.1.3 allows 256); more is not looked at. */
const longest = 500

/**
 * What stands in brackets: without comments, white space, obsolete route (RFC 5322 4.4), `mailto:` and quotes around
 * all.
 */
function cleaned(written: string): string {
  const route = written.trimStart().startsWith('@') ? written.indexOf(':') + 1 : 0
  const text = written.slice(route)
  if (text.length > longest) return ''
  let address = ''
  let depth = 0
  for (const piece of text.match(/"(?:[^"\\]|\\.)*"|[()]|[^"()]+|"/gs) ?? []) {
    if (piece === '(') depth++
    else if (piece === ')') depth = Math.max(0, depth - 1)
    else if (depth === 0) address += piece.startsWith('"') && piece.length > 1 ? piece : piece.replace(/\s+/g, '')
  }
  address = address.replace(/^mailto:/i, '')
  const inQuotes = /^(["'])([^"'\s@]+@[^"'\s@]+)\1$/.exec(address)
  return inQuotes ? inQuotes[2]! : address
}

/** Stands for an @ that was written in quotes: what is quoted is a name, however much it looks like an address. */
const mark = '\ufdd0'
const hidden = (text: string): string => text.replaceAll('@', mark)

const joined = (pieces: readonly string[]): string => pieces.join('').replace(/\s+/g, ' ').trim()

const plain = (name: string): string =>
  decodeEncodedWords(name.replaceAll(mark, '@'))
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()

/**
 * Where each quote, comment and domain literal ends; one that never ends is an ordinary sign. With an odd number of
 * quotes one of them is wrong: the one that would swallow an address together with the comma behind it.
 */
function partners(text: string): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  const quotes: number[] = []
  const open: number[] = []
  let literal = -1
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]
    if (sign === '\\') at++
    else if (sign === '"') quotes.push(at)
    else if (sign === '(') open.push(at)
    else if (sign === ')') {
      const from = open.pop()
      if (from !== undefined) found.set(from, at)
    } else if (sign === '[') literal = at
    else if (sign === ']' && literal !== -1) {
      found.set(literal, at)
      literal = -1
    }
  }
  const isOdd = quotes.length % 2 === 1
  for (let n = 0; n + 1 < quotes.length; n++) {
    const [from, to] = [quotes[n]!, quotes[n + 1]!]
    if (isOdd && /@[^<>@]*>\s*[,;]/.test(text.slice(from, to))) continue
    found.set(from, to)
    n++
  }
  return found
}
