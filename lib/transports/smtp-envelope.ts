import { isAscii } from 'node:buffer'
import { translate } from '../diagnosis/translate.js'
import { GatewayError } from '../errors.js'
import { AllRefusedError, type OutgoingMail, type RefusedRecipient } from '../ports/sender.js'
import { addressNeedsUtf8 } from '../protocol/ascii-header.js'
import { fitMime } from '../protocol/fit-mime.js'
import { needsUtf8, parseMailAddress } from '../protocol/mail-address.js'

/** The server's capabilities, from its reply to EHLO. */
export interface SmtpAbilities {
  /** Largest mail in bytes; 0 when it named none. */
  maxBytes: number
  utf8: boolean
  /** 8BITMIME. */
  eightBit: boolean
}

export function readAbilities(ehlo: string): SmtpAbilities {
  const size = /^250[ -]SIZE[ \t]+(\d{1,15})[ \t]*$/im.exec(ehlo)?.[1]
  const offers = (keyword: string) => new RegExp(`^250[ -]${keyword}[ \\t]*$`, 'im').test(ehlo)
  return { maxBytes: Number(size ?? 0), utf8: offers('SMTPUTF8'), eightBit: offers('8BITMIME') }
}

export interface SmtpEnvelope {
  from: string
  to: string[]
  size: number
  use8BitMime: boolean
}

/**
 * The bytes that this server has offered to take, and whether they need SMTPUTF8. Headers go in ASCII wherever they
 * can, because the servers behind this one have offered nothing.
 */
export function offeredMime(mail: OutgoingMail, { utf8, eightBit }: SmtpAbilities): { raw: Buffer; utf8: boolean } {
  const envelopeNeeds = [mail.from, ...mail.recipients].some(needsUtf8)
  try {
    return { raw: fitMime(mail.raw, { eightBit, utf8: false }), utf8: envelopeNeeds }
  } catch (error) {
    if ((error as GatewayError).code !== 'address_needs_smtputf8') throw error
    return { raw: fitMime(mail.raw, { eightBit, utf8, groups: !utf8 }), utf8 }
  }
}

/**
 * Recipients that this server cannot be told of, because their name has no form in ASCII and it does not offer SMTPUTF8
 * (RFC 6531 3.2): refused as if it had said so. Rejects with AllRefusedError when nobody is left, permanent.
 */
export function unreachableBy(mail: OutgoingMail, { utf8 }: SmtpAbilities): RefusedRecipient[] {
  if (utf8 || needsUtf8(mail.from)) return []
  const refused = mail.recipients.filter(needsUtf8).map((address) => {
    const { code, remedy, description } = addressNeedsUtf8(address)
    return { address, transient: false, code, remedy, reply: description }
  })
  if (refused.length > 0 && refused.length === mail.recipients.length)
    throw new AllRefusedError(addressNeedsUtf8(refused[0]?.address ?? ''), refused)
  return refused
}

/**
 * The envelope as it goes on the wire. Refuses, never repairs (SEC-27): control characters, angle brackets, spaces and
 * overlong parts cannot come from a mailbox address. Throws a permanent GatewayError with outcome `not-sent`.
 */
export function envelopeOf(mail: OutgoingMail, abilities: SmtpAbilities): SmtpEnvelope {
  if (mail.recipients.length === 0) throw badAddress('recipients', 'there is none')
  if (abilities.maxBytes > 0 && mail.raw.length > abilities.maxBytes) {
    throw translate({ context: 'local', local: 'attachment_too_large' }, { outcome: 'not-sent' })
  }
  return {
    from: wireAddress(mail.from, 'from', abilities.utf8),
    to: mail.recipients.map((address, index) => wireAddress(address, `recipients[${index}]`, abilities.utf8)),
    size: mail.raw.length,
    use8BitMime: !isAscii(mail.raw),
  }
}

export function wireAddress(address: string, field: string, utf8: boolean): string {
  let wire: string
  try {
    wire = parseMailAddress(address, field)
  } catch (error) {
    throw badAddress(field, (error as GatewayError).description)
  }
  if (!utf8 && needsUtf8(wire)) throw addressNeedsUtf8(address)
  return wire
}

function badAddress(field: string, reason: string): GatewayError {
  return new GatewayError('invalid_address', 'permanent', {
    hint: field === 'from' ? 'message' : 'recipient',
    field,
    description: `The address in ${field} cannot be used: ${reason.replace(/\.$/, '')}.`,
    remedy: 'Correct the address and send the mail again.',
    outcome: 'not-sent',
  })
}
