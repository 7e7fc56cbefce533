/**
 * Encodes header fields with non-ASCII letters in ASCII: encoded words (RFC 2047), parameters (RFC 2231), A-labels (RFC
 * 5890).
 */
import { isUtf8 } from 'node:buffer'
import { domainToASCII } from 'node:url'
import { buildHeaderValue, encodeWord, encodeWords, foldLines, parseHeaderValue } from 'nodemailer/lib/mime-funcs'
import { GatewayError } from '../errors.js'
import { addressToken, isClosed } from './address-list.js'
import { charsetText } from './charset-text.js'
import { contentOf, type HeaderField } from './mime-entity.js'

const longestLine = 998
const addressFields =
  /^(?:resent-)?(?:from|sender|reply-to|to|cc|bcc)$|^(?:disposition-notification-to|return-receipt-to|errors-to|mail-followup-to)$/
const shownRecipients = /^(?:to|cc)$/
const parameterFields = /^content-(?:type|disposition)$/
/** Fields of fixed signs, which have no way to say other letters. */
const fixedFields =
  /^(?:message-id|content-id|references|in-reply-to|date|mime-version|content-transfer-encoding|received)$/

/** With SMTPUTF8 headers are UTF-8, and nothing else beyond ASCII (RFC 6532). */
export function needsAscii({ text }: HeaderField, utf8: boolean): boolean {
  if (text.length > longestLine && text.split('\r\n').some((line) => line.length > longestLine)) return true
  return /[^\0-\x7f]/.test(text) && (!utf8 || !isUtf8(Buffer.from(text, 'latin1')))
}

/**
 * Rejects with `address_needs_smtputf8` for a local part that has no form in ASCII; with `groups` not in To and Cc,
 * where such an entry becomes a group without members that is named like it (RFC 6857 3.1.8).
 */
export function asciiField(field: HeaderField, groups = false): HeaderField {
  const given = field.text.slice(0, field.text.indexOf(':'))
  const bytes = Buffer.from(contentOf(field), 'latin1')
  const content = charsetText(bytes, '')
  const text = foldLines(`${given}: ${asciiContent(field.name, content, groups)}`, 76)
  if (text.split('\r\n').some((line) => line.length > longestLine) || /[^\0-\x7f]/.test(text))
    throw new GatewayError('mail_not_convertible', 'permanent', {
      status: 422,
      hint: 'message',
      field: 'raw',
      outcome: 'not-sent',
      description: `The header field ${given} cannot be written in ASCII lines of at most ${longestLine} bytes.`,
      remedy: 'Shorten it, or write it in ASCII.',
    })
  return { name: field.name, text }
}

function asciiContent(name: string, content: string, groups: boolean): string {
  if (parameterFields.test(name)) return buildHeaderValue(parseHeaderValue(content))
  if (groups && shownRecipients.test(name)) return eachEntry(content, asciiOrGroup)
  if (addressFields.test(name)) return asciiAddresses(content)
  return fixedFields.test(name) ? content : words(content)
}

const words = (text: string): string => (/[^\0-\x7f]/.test(text) ? encodeWords(text, 'Q', 52) : text)

/** Groups hold no groups: a field that has one goes through as a whole. */
function eachEntry(content: string, said: (entry: string) => string): string {
  const pieces = [...content.matchAll(addressToken)].map(([piece]) => piece)
  if (pieces.includes(':') || pieces.includes(';')) return asciiAddresses(content)
  const entries = ['']
  for (const piece of pieces) piece === ',' ? entries.push('') : entries.push(entries.pop() + piece)
  return entries.map(said).join(',')
}

function asciiOrGroup(entry: string): string {
  try {
    return asciiAddresses(entry)
  } catch (error) {
    if ((error as GatewayError).code !== 'address_needs_smtputf8') throw error
    return `${/^\s*/.exec(entry)?.[0]}${encodeWord(entry.trim().replace(/^<(.*)>$/s, '$1'), 'Q', 52)}:;`
  }
}

function asciiAddresses(content: string): string {
  let out = ''
  let quotedLocal = ''
  for (const [piece] of content.matchAll(addressToken)) {
    if (quotedLocal !== '') {
      out += piece.startsWith('@')
        ? quotedLocal + asciiAddress(`x${piece}`).slice(1)
        : words(unquoted(quotedLocal)) + asciiRun(piece)
      quotedLocal = ''
    } else if (piece[0] === '"' && isClosed(piece) && /[^\0-\x7f]/.test(piece)) quotedLocal = piece
    else if (piece[0] === '<' && isClosed(piece)) out += `<${asciiAddress(piece.slice(1, -1))}>`
    else if (piece[0] === '(' && isClosed(piece)) out += `(${words(piece.slice(1, -1))})`
    else out += asciiRun(piece)
  }
  return out + (quotedLocal === '' ? '' : words(unquoted(quotedLocal)))
}

const unquoted = (text: string): string => text.slice(1, -1).replace(/\\(.)/g, '$1')

/** Words of a name, or an address without brackets. */
function asciiRun(run: string): string {
  if (!/[^\0-\x7f]/.test(run)) return run
  const core = run.trim()
  const from = run.length - run.trimStart().length
  const after = run.slice(from + core.length)
  return run.slice(0, from) + (core.includes('@') ? asciiAddress(core) : words(core)) + after
}

function asciiAddress(address: string): string {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  if (/[^\0-\x7f]/.test(local)) throw addressNeedsUtf8(address)
  return `${local}@${/[^\0-\x7f]/.test(address) ? domainToASCII(address.slice(at + 1)) : address.slice(at + 1)}`
}

export function addressNeedsUtf8(address: string): GatewayError {
  return new GatewayError('address_needs_smtputf8', 'permanent', {
    status: 422,
    hint: 'recipient',
    outcome: 'not-sent',
    description: `${address} has non-ASCII letters before the @, and the mail server does not offer SMTPUTF8 (RFC 6531).`,
    remedy: 'Use an ASCII address of the same person, or send from a mailbox whose server offers SMTPUTF8.',
  })
}
