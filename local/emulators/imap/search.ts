/** SEARCH keys of RFC 3501 as predicates over one message. */
import { headersOf } from './fetch-items.js'
import { inSet, parseDate, type Token, text } from './imap-grammar.js'
import type { StoredMessage } from './mail-store.js'

export interface Candidate {
  message: StoredMessage
  sequence: number
}
type Matches = (candidate: Candidate) => boolean

const flagKeys: Record<string, [flag: string, wanted: boolean]> = {
  SEEN: ['\\Seen', true],
  UNSEEN: ['\\Seen', false],
  FLAGGED: ['\\Flagged', true],
  UNFLAGGED: ['\\Flagged', false],
  ANSWERED: ['\\Answered', true],
  UNANSWERED: ['\\Answered', false],
  DELETED: ['\\Deleted', true],
  UNDELETED: ['\\Deleted', false],
  DRAFT: ['\\Draft', true],
  UNDRAFT: ['\\Draft', false],
}
const day = 86_400_000

/** All keys of a SEARCH command together; throws with the key that is not known. `last*`: what `*` stands for. */
export function searchFor(tokens: Token[], lastUid: number, lastSequence: number): Matches {
  const rest = [...tokens]
  if (text(rest[0]).toUpperCase() === 'CHARSET') rest.splice(0, 2)
  const all: Matches[] = []
  while (rest.length > 0) all.push(key(rest, lastUid, lastSequence))
  return (candidate) => all.every((matches) => matches(candidate))
}

function key(rest: Token[], lastUid: number, lastSequence: number): Matches {
  const token = rest.shift()
  if (Array.isArray(token)) return searchFor(token, lastUid, lastSequence)
  const name = text(token).toUpperCase()
  const next = () => text(rest.shift())
  const nested = () => key(rest, lastUid, lastSequence)
  const flag = flagKeys[name]
  if (flag) return ({ message }) => message.flags.includes(flag[0]) === flag[1]
  if (/^[\d*][\d:,*]*$/.test(name)) {
    const has = inSet(name, lastSequence)
    return ({ sequence }) => has(sequence)
  }
  switch (name) {
    case 'ALL':
      return () => true
    case 'NEW':
    case 'RECENT':
      return () => false
    case 'OLD':
      return () => true
    case 'UID': {
      const has = inSet(next(), lastUid)
      return ({ message }) => has(message.uid)
    }
    case 'NOT': {
      const inner = nested()
      return (candidate) => !inner(candidate)
    }
    case 'OR': {
      const [one, other] = [nested(), nested()]
      return (candidate) => one(candidate) || other(candidate)
    }
    case 'KEYWORD':
    case 'UNKEYWORD': {
      const word = next()
      return ({ message }) => message.flags.includes(word) === (name === 'KEYWORD')
    }
    case 'LARGER':
    case 'SMALLER': {
      const size = Number(next())
      return ({ message }) => (name === 'LARGER' ? message.raw.length > size : message.raw.length < size)
    }
    case 'SINCE':
    case 'BEFORE':
    case 'ON':
      return byDate(name, next(), (message) => message.internalDate)
    case 'SENTSINCE':
    case 'SENTBEFORE':
    case 'SENTON':
      return byDate(name.slice(4), next(), (message) => Date.parse(headersOf(message.raw).get('date') ?? ''))
    case 'HEADER':
      return byHeader(next(), next())
    case 'FROM':
    case 'TO':
    case 'CC':
    case 'BCC':
    case 'SUBJECT':
      return byHeader(name, next())
    case 'TEXT':
    case 'BODY': {
      const wanted = next().toLowerCase()
      const start = (raw: Buffer) => (name === 'TEXT' ? 0 : Math.max(0, raw.indexOf('\r\n\r\n')))
      return ({ message }) => message.raw.toString('utf8', start(message.raw)).toLowerCase().includes(wanted)
    }
  }
  throw new Error(`Unknown search key ${name}`)
}

// Dates of SEARCH know no time and no zone: compare whole days.
function byDate(name: string, value: string, of: (message: StoredMessage) => number): Matches {
  const wanted = Math.floor(parseDate(`${value}`) / day)
  return ({ message }) => {
    const actual = Math.floor(of(message) / day)
    return name === 'SINCE' ? actual >= wanted : name === 'BEFORE' ? actual < wanted : actual === wanted
  }
}

function byHeader(field: string, value: string): Matches {
  const [name, wanted] = [field.toLowerCase(), value.toLowerCase()]
  return ({ message }) => headersOf(message.raw).get(name)?.toLowerCase().includes(wanted) ?? false
}
