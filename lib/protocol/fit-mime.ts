/**
 * Brings a mail into a form that the server has offered to accept: lines of at most 998 bytes everywhere (RFC 5322
 * 2.1.1), 8-bit bytes only with 8BITMIME (RFC 6152), non-ASCII letters in headers only with SMTPUTF8 (RFC 6531), no
 * binary part (RFC 3030), and no embedded message in base64 (RFC 2046 5.2.1). It works part by part: a part that fits
 * stays byte for byte. It never changes what a signature or encryption covers, and refuses it if it does not fit.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import { GatewayError } from '../errors.js'
import { asciiField, needsAscii } from './ascii-header.js'
import { exceededLimit, mailLimits } from './mail-limits.js'
import {
  type HeaderField,
  isSealed,
  type MimeEntity,
  readEntity,
  readMultipart,
  withField,
  writeEntity,
  writeMultipart,
} from './mime-entity.js'
import { decodeBody, encodeBody } from './transfer-encoding.js'

export interface Offers {
  /** 8BITMIME. */
  eightBit: boolean
  /** SMTPUTF8. */
  utf8: boolean
  /**
   * Without SMTPUTF8: whom a reader of To and Cc could not answer is still named there, as a group (RFC 6857 3.1.8).
   */
  groups?: boolean
}

const longestLine = 998
const deepest = 100
/** Of all its parts together, as many as are read of a mail that is received. */
const mostHeaderBytes = 4 * mailLimits.headerBytes

/** One mail on its way through. */
interface Fitting extends Offers {
  /** In the whole mail so far. */
  passed: { headerBytes: number }
  depth: number
}

const oneDeeper = (offers: Fitting): Fitting => ({ ...offers, depth: offers.depth + 1 })

/** The same bytes when they fit. Rejects with a permanent error, outcome `not-sent`, naming what cannot be changed. */
export function fitMime(raw: Uint8Array, offers: Offers): Buffer {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  if (!needsLook(bytes, offers)) return bytes
  const exceeded = exceededLimit(bytes)
  if (exceeded) throw cannotChange(`it has ${exceeded.why}`)
  const text = bytes.toString('latin1')
  const fitted = fitEntity(text, { ...offers, passed: { headerBytes: 0 }, depth: 0 })
  return fitted === text ? bytes : Buffer.from(fitted, 'latin1')
}

/** Anything in it that may have to change? Most mails pass here. */
const needsLook = (bytes: Buffer, offers: Offers): boolean =>
  (!(offers.eightBit && offers.utf8) && !isAscii(bytes)) ||
  hasLongLine(bytes) ||
  /content-transfer-encoding:\s*binary|content-type:\s*message\//i.test(bytes.toString('latin1'))

function hasLongLine(text: string | Buffer): boolean {
  let from = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
    if (at - from > longestLine + 1) return true
    from = at + 1
  }
  return text.length - from > longestLine
}

function fitEntity(text: string, offers: Fitting): string {
  if (offers.depth > deepest) throw cannotChange(`it nests more than ${deepest} parts`)
  const end = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n')
  offers.passed.headerBytes += end === -1 ? text.length : end
  if (offers.passed.headerBytes > mostHeaderBytes)
    throw cannotChange(`its parts have more than ${mostHeaderBytes} bytes of headers`)
  const entity = readEntity(text)
  const fields = fitFields(entity.fields, offers.depth === 0 ? offers : { ...offers, groups: false })
  if (isSealed(entity.type)) {
    if (doesNotFit(entity.body, offers))
      throw cannotChange(`it is ${entity.type}, and a change would break its signature or key`)
    return rewritten(text, entity, { fields, body: entity.body })
  }
  if (entity.type.startsWith('multipart/')) return fitMultipart(text, { ...entity, fields }, offers)
  if (isMessage(entity.type)) {
    const body = fitEntity(plainBody(entity), oneDeeper(offers))
    return rewritten(text, entity, { fields: labelled({ ...entity, fields }, body, offers), body })
  }
  const isBinary = entity.encoding === 'binary'
  if (!isBinary && !doesNotFit(entity.body, offers)) return rewritten(text, entity, { fields, body: entity.body })
  if (/^message\/(?!global)/.test(entity.type))
    throw cannotChange(`a part of type ${entity.type} may not be encoded (RFC 2046 5.2)`)
  return encodedLeaf({ ...entity, fields })
}

const rewritten = (text: string, entity: MimeEntity, { fields, body }: Pick<MimeEntity, 'fields' | 'body'>): string =>
  body === entity.body && fields === entity.fields ? text : writeEntity({ fields, body })

/** A mail as a part is a mail again; encoded as a whole, clients show it empty. */
const isMessage = (type: string): boolean => type === 'message/rfc822' || type === 'message/news'

const plainBody = ({ encoding, body }: MimeEntity): string =>
  encoding === 'base64' || encoding === 'quoted-printable'
    ? decodeBody(encoding, body)
        .toString('latin1')
        .replace(/\r\n|\r|\n/g, '\r\n')
    : body

function fitMultipart(text: string, entity: MimeEntity, offers: Fitting): string {
  let multipart = readMultipart(entity)
  // Forbidden (RFC 2045 6.4), and readers differ on it.
  if (multipart === undefined) multipart = readMultipart({ ...entity, body: plainBody(entity) })
  if (multipart === undefined) {
    if (doesNotFit(entity.body, offers)) throw cannotChange(`its ${entity.type} has no parts that can be distinguished`)
    return rewritten(text, readEntity(text), { fields: entity.fields, body: entity.body })
  }
  const fitted = {
    // Nobody reads what stands before and behind the parts.
    preamble: doesNotFit(multipart.preamble, offers) ? '' : multipart.preamble,
    parts: multipart.parts.map((part) => ({ ...part, text: fitEntity(part.text, oneDeeper(offers)) })),
    close: doesNotFit(multipart.close, offers)
      ? `${multipart.close.split('\r\n').slice(0, 2).join('\r\n')}\r\n`
      : multipart.close,
  }
  const body = writeMultipart(fitted)
  return rewritten(text, readEntity(text), { fields: labelled(entity, body, offers), body })
}

/** The label of a body that holds parts: `8bit` or none, never another (RFC 2045 6.4). */
function labelled({ fields, encoding }: MimeEntity, body: string, { eightBit }: Offers): HeaderField[] {
  const wanted = /[^\0-\x7f]/.test(body) ? '8bit' : '7bit'
  return encoding === wanted || (encoding === '8bit' && eightBit)
    ? fields
    : withField(fields, 'Content-Transfer-Encoding', wanted === '7bit' ? undefined : wanted)
}

function encodedLeaf({ fields, type, encoding, body }: MimeEntity): string {
  const bytes = decodeBody(encoding, body)
  const wanted = encoding === 'base64' || !type.startsWith('text/') ? 'base64' : 'quoted-printable'
  let named = fields
  if (!fields.some(({ name }) => name === 'content-type')) {
    const charset = isUtf8(bytes) ? '; charset=utf-8' : '; charset=unknown-8bit'
    named = withField(named, 'Content-Type', `text/plain${isAscii(bytes) ? '' : charset}`)
  }
  return writeEntity({
    fields: withMimeVersion(withField(named, 'Content-Transfer-Encoding', wanted)),
    body: closed(encodeBody(wanted, bytes), body),
  })
}

/** Encoded text ends its last line as the body did. */
const closed = (encoded: string, body: string): string =>
  body.endsWith('\r\n') && !encoded.endsWith('\r\n') ? `${encoded}\r\n` : encoded

/** A mail, unlike a part, must say that it is MIME (RFC 2045 4). */
const withMimeVersion = (fields: HeaderField[]): HeaderField[] =>
  fields.some(({ name }) => name === 'from' || name === 'message-id') &&
  !fields.some(({ name }) => name === 'mime-version')
    ? [...fields, { name: 'mime-version', text: 'MIME-Version: 1.0' }]
    : fields

function fitFields(fields: HeaderField[], offers: Offers): HeaderField[] {
  if (!fields.some((field) => needsAscii(field, offers.utf8))) return fields
  return fields.map((field) => (needsAscii(field, offers.utf8) ? asciiField(field, offers.groups) : field))
}

function doesNotFit(body: string, offers: Offers): boolean {
  if (!offers.eightBit && /[^\0-\x7f]/.test(body)) return true
  return hasLongLine(body)
}

export function cannotChange(why: string, field = 'raw'): GatewayError {
  return new GatewayError('mail_not_convertible', 'permanent', {
    status: 422,
    hint: 'message',
    field,
    outcome: 'not-sent',
    description: `The mail server does not accept this mail as it is, and it cannot be changed: ${why}.`,
    remedy:
      'Encode its parts in base64 or quoted-printable before signing, with lines of at most 998 bytes, or use a server that offers 8BITMIME and SMTPUTF8.',
  })
}
