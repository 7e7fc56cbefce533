import { translate } from '../diagnosis/translate.js'
import { type ErrorDetails, GatewayError } from '../errors.js'
import type { DiagnosisContext, Fault } from '../model/diagnosis.js'
import { networkError } from './dial.js'
import { refusalIn } from './sasl-token.js'

/** The parts of imapflow's errors that are used here. */
export interface ImapLibraryError extends Error {
  code?: string
  /** The whole reply as text, or its parsed form. */
  response?: string | ParsedReply
  responseStatus?: string
  responseText?: string
  serverResponseCode?: string
  authenticationFailed?: boolean
  throttleReset?: number
  /** What a refused token was answered before the no. */
  oauthError?: unknown
}

interface ParsedReply {
  tag?: string
  attributes?: ({ section?: unknown } | null)[]
}

export interface ImapPeer {
  host: string
  /** Greeting, as far as known. */
  said: string
  /** The BYE it ended the session with, as it stood on the wire; empty when it did not. */
  bye: string
  /** Password or token of the session, never to be repeated. */
  secrets: readonly string[]
  /** The application itself signs in. */
  ofApp?: boolean
}

/** Whom the server belongs to: by its host name, else by how it greets and refuses. */
function imapDialect(host: string, said: string): DiagnosisContext {
  const name = `.${host.toLowerCase()}`
  if (/\.(office365\.com|outlook\.com|office\.com|office365\.us|partner\.outlook\.cn)$/.test(name)) return 'ms-imap'
  if (/\.(gmail\.com|googlemail\.com|google\.com)$/.test(name)) return 'gmail-imap'
  const microsoft =
    /microsoft exchange imap4|(AUTHENTICATE|LOGIN) failed\.|authenticated but not connected|AccessTokenExpired|Suggested Backoff Time/i
  if (microsoft.test(said)) return 'ms-imap'
  return /\bgimap\b/i.test(said) ? 'gmail-imap' : 'imap'
}

const tooLarge: ReadonlySet<string> = new Set(['LineTooLarge', 'LiteralTooLarge', 'ResponseTooLarge'])

/** Anything imapflow reports, as an error of ours. */
export function imapError(error: unknown, peer: ImapPeer): GatewayError {
  if (error instanceof GatewayError) return error
  const failure = error as ImapLibraryError
  const { code = '', authenticationFailed } = failure
  const reply = replyOf(failure)
  if (reply !== '') {
    const withoutReason = authenticationFailed === true ? 'imap_login_refused' : undefined
    return refusal(`${reply}${refusalIn(failure.oauthError)}`, peer, withoutReason)
  }
  // OpenSSL's errors have a reason too, and it is no server's.
  if (/^(EPROTO$|ERR_(SSL|TLS)_)/.test(code)) return networkError(failure, 'net')
  if (tooLarge.has(code)) return hostileAnswer()
  if (peer.bye !== '') return refusal(peer.bye, peer)
  if (code === 'STARTTLS_INJECTION') return noEncryption()
  if (failure.message.includes('STARTTLS')) return noEncryption()
  if (/unsupported authentication|no matching authentication|login is disabled/i.test(failure.message)) return noLogin()
  if (/TIMEOUT|ETIMEOUT/.test(code)) return networkError({ code: 'ETIMEDOUT', message: code }, 'net')
  if (/^(NoConnection|EConnectionClosed|ClosedAfterConnect.*|StateLogout)$/.test(code)) {
    return networkError({ code: 'ECONNRESET', message: code }, 'net')
  }
  if (/^[A-Z][A-Z0-9_]+$/.test(code)) return networkError(failure, 'net')
  return unreadableImap()
}

/** The tagged reply as it stood on the wire: imapflow keeps its words here, and its code (RFC 5530) there. */
function replyOf({ response, responseStatus, responseText = '', serverResponseCode }: ImapLibraryError): string {
  if (typeof response === 'string' && response !== '') return response
  if (responseStatus === undefined) return ''
  const { tag = '', attributes = [] } = typeof response === 'object' ? response : {}
  const code = sectionText(attributes[0]?.section) || serverResponseCode
  return [tag, responseStatus, code ? `[${code}]` : '', responseText].filter((part) => part !== '').join(' ')
}

function sectionText(section: unknown): string {
  if (Array.isArray(section)) return section.map(sectionText).join(' ')
  const value = (section as { value?: unknown } | null | undefined)?.value
  return typeof value === 'string' ? value : ''
}

/** `withoutReason`: what it is when the reply says nothing but no. */
function refusal(reply: string, peer: ImapPeer, withoutReason?: string): GatewayError {
  const dialect = imapDialect(peer.host, `${peer.said}\n${reply}`)
  const context = peer.ofApp && dialect === 'ms-imap' ? 'ms-imap-app' : dialect
  const fault: Fault = { context, text: reply, secrets: peer.secrets, operation: 'receive' }
  const found = translate(fault)
  // A bare NO may mean the password or a bad moment: only a second one, later, says which.
  const isMute = withoutReason !== undefined && /^imap_(no|bad|bye)$|^unclassified$/.test(found.code)
  return isMute ? translate({ ...fault, local: withoutReason }) : found
}

/** What is wrong with the first line of a server; imapflow would wait on, except for a BYE (RFC 3501 7.1.5). */
export function greetingError(line: string, peer: ImapPeer): GatewayError | undefined {
  if (/^\* (NO|BAD|BYE)\b/i.test(line)) return refusal(line, peer, 'imap_greeting_refused')
  // The words of something that is no mail server are none of a tenant's business (SEC-25).
  return line.startsWith('* ') ? undefined : translate({ context: 'imap', local: 'imap_greeting_unreadable' })
}

/** The server sends more than was asked for: without end, or larger than announced (SEC-34). */
export function hostileAnswer(extra: Partial<ErrorDetails> = {}): GatewayError {
  return new GatewayError('imap_answer_too_large', 'transient', {
    hint: 'slow',
    description: 'The mail server sends far more than the gateway requested.',
    remedy: 'Ask the mail administrator to check the server; the gateway retries automatically.',
    ...extra,
  })
}

/** STARTTLS missing, refused, or tampered with; also a greeting that skips the login. */
function noEncryption(): GatewayError {
  return new GatewayError('starttls_not_offered', 'needs-admin', {
    hint: 'operator',
    description: 'The mail server does not offer trustworthy encryption on this port.',
    remedy: 'Use the port for implicit TLS (993), or ask the mail administrator to enable STARTTLS.',
  })
}

export function preauthRefused(): GatewayError {
  return new GatewayError('imap_preauth', 'needs-admin', {
    hint: 'operator',
    description: 'The mail server opens a mailbox without a sign-in, so nobody knows whose it is.',
    remedy: 'Use a server that requires a sign-in.',
  })
}

function noLogin(): GatewayError {
  return new GatewayError('imap_login_not_offered', 'needs-admin', {
    hint: 'operator',
    description: 'The mail server does not offer the sign-in method that this connection uses.',
    remedy: 'Connect the mailbox in another way, or ask the mail administrator to enable this method.',
  })
}

function unreadableImap(): GatewayError {
  return new GatewayError('imap_unreadable_reply', 'transient', {
    hint: 'slow',
    description: "The mail server's answer is not IMAP.",
    remedy: 'Check the host and port; the gateway retries automatically.',
  })
}
