import { domainToASCII } from 'node:url'
import { invalidInput } from '../errors.js'

/** Characters of RFC 5321 dot-strings, and the non-ASCII ones of RFC 6531 3.3. */
const atoms =
  /^(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\u0000-\u007f\p{C}\p{Z}])+(?:\.(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\u0000-\u007f\p{C}\p{Z}])+)*$/u
/** RFC 5321 4.1.2: printable signs between quotes, `"` and `\` behind a backslash. */
const quoted = /^"(?:[^"\\\u0000-\u001f\u007f]|\\[\u0020-\u007e])+"$/u
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/

/**
 * A mail address in the one form that is stored and compared: local part as written, quoted only where it must be
 * (RFC 5321 4.1.2), in NFC (RFC 6532 3.1); domain in lower-case ASCII (A-labels, RFC 5890). Refuses instead of
 * repairing: a library that "cleans" `b@x>\r\nRCPT TO:<evil@x` sends to evil@x (SEC-27).
 */
export function parseMailAddress(text: string, field: string): string {
  const refuse = (why: string): never => {
    throw invalidInput(field, `is not a mail address: ${why}`, { status: 422 })
  }
  if (/[<>]/.test(text)) refuse('it contains angle brackets; give the address alone, and a name separately')
  if (/[\u0000-\u001f\u007f-\u009f\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u.test(text))
    refuse('it contains line breaks or control characters')
  const at = text.lastIndexOf('@')
  if (at < 1) refuse('there is no @ between name and domain')
  const given = text.slice(0, at).normalize('NFC')
  // Signs such as the Kelvin sign become ASCII letters: another address, and somebody else's.
  if (asciiLetters(given) > asciiLetters(text.slice(0, at)))
    refuse('it contains characters that stand for other letters')
  if (!quoted.test(given) && /[\p{Z}]/u.test(given)) refuse('it contains spaces outside of quotation marks')
  const local = plainLocal(given)
  const domain = domainOf(text.slice(at + 1))
  if (Buffer.byteLength(local) > 64) refuse('the part before @ has more than 64 bytes')
  if (!atoms.test(local) && !quoted.test(local))
    refuse(
      "the part before @ may hold letters, digits, single dots and !#$%&'*+/=?^_`{|}~-, anything else between quotation marks",
    )
  if (domain === undefined) return refuse('the domain is not a host name')
  const address = `${local}@${domain}`
  if (Buffer.byteLength(address) > 254) refuse('it has more than 254 bytes')
  return address
}

const asciiLetters = (text: string): number => text.replace(/[^A-Za-z]/g, '').length

/** Quotes and backslashes only where they are needed: `"ana"` and `ana` are one mailbox (RFC 5321 4.1.2). */
function plainLocal(local: string): string {
  if (!quoted.test(local)) return local
  const content = local.slice(1, -1).replace(/\\(.)/g, '$1')
  return atoms.test(content) ? content : `"${content.replace(/["\\]/g, '\\$&')}"`
}

function domainOf(text: string): string | undefined {
  // One sign may stand for eighteen letters, and domainToASCII takes 32 ms for 300 of those.
  if (text.normalize('NFKC').length > 253) return undefined
  // domainToASCII reads bare numbers as IPv4 addresses, so it only sees names that need it.
  const ascii = /^[\u0000-\u007f]*$/.test(text) ? text.toLowerCase() : domainToASCII(text)
  if (ascii === '' || ascii.length > 253) return undefined
  return ascii.split('.').every((part) => label.test(part)) ? ascii : undefined
}

/**
 * Same mailbox? Domains never differ by case or by how they write their letters; no mail service in use tells local
 * parts apart by case. ASCII letters only: the Kelvin sign is no k, though its lower case is.
 */
export const sameAddress = (a: string, b: string): boolean => folded(a) === folded(b)

function folded(text: string): string {
  const at = text.lastIndexOf('@')
  const domain = text.slice(at + 1)
  const address = at < 1 ? text : `${plainLocal(text.slice(0, at))}@${domainOf(domain) ?? domain}`
  return address.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Must the server offer SMTPUTF8 for it (RFC 6531)? The domain never asks for it: it has a form in ASCII. */
export const needsUtf8 = (address: string): boolean =>
  /[^\u0000-\u007f]/.test(address.slice(0, address.lastIndexOf('@')))

/** For logs: `a***@example.com`. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@')
  return at < 1 ? '***' : `${address[0]}***${address.slice(at)}`
}
