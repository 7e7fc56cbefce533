import { domainToASCII } from 'node:url'
import { invalidInput } from '../errors.js'

/** RFC 5321 dot-string; quoted local parts are refused: nobody uses them but attackers. */
const localPart = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/

/**
 * A mail address in the one form that may reach a server: dot-atom local part, lower-case ASCII domain (punycode).
 * Refuses instead of repairing: a library that "cleans" `b@x>\r\nRCPT TO:<evil@x` sends to evil@x (SEC-27).
 */
export function parseMailAddress(text: string, field: string): string {
  const refuse = (why: string): never => {
    throw invalidInput(field, `is not a mail address: ${why}`, { status: 422 })
  }
  if (/[<>]/.test(text)) refuse('it contains angle brackets; give the bare address, and a name apart from it')
  if (/[\u0000-\u0020\u007f-\u00a0\u2028\u2029]/.test(text))
    refuse('it contains spaces, line breaks or control characters')
  const at = text.lastIndexOf('@')
  if (at < 1) refuse('there is no @ between name and domain')
  const local = text.slice(0, at)
  const domain = domainOf(text.slice(at + 1))
  if (local.length > 64) refuse('the part before @ has more than 64 characters')
  if (!localPart.test(local))
    refuse("the part before @ may hold ASCII letters, digits, single dots and !#$%&'*+/=?^_`{|}~-")
  if (domain === undefined) return refuse('the domain is not a host name')
  const address = `${local}@${domain}`
  if (address.length > 254) refuse('it has more than 254 characters')
  return address
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
 * Same mailbox? Domains never differ by case; no mail service in use tells local parts apart by case. ASCII letters only:
 * the Kelvin sign is no k, though its lower case is.
 */
export const sameAddress = (a: string, b: string): boolean => folded(a) === folded(b)

const folded = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** For logs: `a***@example.com`. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@')
  return at < 1 ? '***' : `${address[0]}***${address.slice(at)}`
}
