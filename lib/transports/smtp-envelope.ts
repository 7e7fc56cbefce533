import { isAscii } from 'node:buffer'
import { domainToASCII } from 'node:url'
import { translate } from '../diagnosis/translate.js'
import { GatewayError } from '../errors.js'
import type { OutgoingMail } from '../ports/sender.js'

/** What the server said it can do, from its reply to EHLO. */
export interface SmtpAbilities {
  /** Largest mail in bytes; 0 when it named none. */
  maxBytes: number
  utf8: boolean
}

export function readAbilities(ehlo: string): SmtpAbilities {
  const size = /^250[ -]SIZE[ \t]+(\d{1,15})[ \t]*$/im.exec(ehlo)?.[1]
  return { maxBytes: Number(size ?? 0), utf8: /^250[ -]SMTPUTF8\b/im.test(ehlo) }
}

export interface SmtpEnvelope {
  from: string
  to: string[]
  size: number
  use8BitMime: boolean
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

function wireAddress(address: string, field: string, utf8: boolean): string {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  const domain = domainOf(address.slice(at + 1))
  if (at < 1 || Buffer.byteLength(local) > 64 || domain === '') throw badAddress(field, 'it is not a mailbox address')
  // Dot-atom of RFC 5321 with the letters of RFC 6531; quoted local parts are not used by any mail service.
  if (
    !/^[^\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}()<>[\]:;@\\,."]+(?:\.[^\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}()<>[\]:;@\\,."]+)*$/u.test(
      local,
    )
  ) {
    throw badAddress(field, 'its part before the @ has characters that are not allowed')
  }
  if (!utf8 && /[^\x21-\x7e]/.test(local)) throw badAddress(field, 'this mail server takes no letters beyond ASCII')
  return `${local}@${domain}`
}

function domainOf(domain: string): string {
  if (/[\s\p{Cc}\p{Cf}]/u.test(domain) || domain.length > 255) return ''
  const ascii = domainToASCII(domain)
  return /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/.test(
    ascii,
  )
    ? ascii
    : ''
}

function badAddress(field: string, reason: string): GatewayError {
  return new GatewayError('invalid_address', 'permanent', {
    hint: field === 'from' ? 'message' : 'recipient',
    field,
    description: `The address in ${field} cannot be used: ${reason}.`,
    remedy: 'Correct the address and send the mail again.',
    outcome: 'not-sent',
  })
}
