import { hideSecrets } from '../diagnosis/hide-secrets.js'
import { redact } from '../diagnosis/redact.js'
import { translate } from '../diagnosis/translate.js'
import { type ErrorDetails, GatewayError } from '../errors.js'
import type { DiagnosisContext } from '../model/diagnosis.js'
import { networkError } from './dial.js'

/** The parts of nodemailer's errors that are used here. */
export interface SmtpLibraryError extends Error {
  code?: string
  originalCode?: string
  command?: string
  response?: string
  recipient?: string
  rejectedErrors?: SmtpLibraryError[]
}

/**
 * Whom the server belongs to: by its host name, else by how it greets and speaks (a relay or emulator of that make).
 */
function smtpDialect(host: string, said: string): DiagnosisContext {
  const name = `.${host.toLowerCase()}`
  if (/\.(office365\.com|outlook\.com|office\.com|office365\.us|partner\.outlook\.cn)$/.test(name)) return 'ms-smtp'
  if (/\.(gmail\.com|googlemail\.com|google\.com)$/.test(name)) return 'gmail-smtp'
  if (/microsoft esmtp|\.outlook\.com\b|STOREDRV|\b5\.1\.90\b|SmtpClientAuthentication|aka\.ms\//i.test(said))
    return 'ms-smtp'
  return /\bgsmtp\b/.test(said) ? 'gmail-smtp' : 'smtp'
}

/** A complete SMTP reply begins with its code; anything else on the line is noise. */
export function isReply(text: string | undefined): text is string {
  return text !== undefined && /^[2-5]\d\d([ -]|$)/.test(text)
}

export interface SmtpPeer {
  host: string
  /** Greeting and EHLO reply. */
  said: string
  /** Password or token of the session, never to be repeated. */
  secrets: readonly string[]
  /** The application itself signs in. */
  ofApp?: boolean
}

/** A server's refusal as an error of ours. */
export function refusal(response: string, peer: SmtpPeer, extra: Partial<ErrorDetails> = {}): GatewayError {
  const dialect = smtpDialect(peer.host, `${peer.said}\n${response}`)
  const context = peer.ofApp && dialect === 'ms-smtp' ? 'ms-smtp-app' : dialect
  return translate({ context, operation: 'send', text: response, secrets: peer.secrets }, extra)
}

/** Anything nodemailer reports before the final dot: nothing was sent, whatever it is. */
export function notSent(error: unknown, peer: SmtpPeer): GatewayError {
  const extra = { outcome: 'not-sent' } as const
  if (error instanceof GatewayError) return error
  const { code, originalCode, command, response } = error as SmtpLibraryError
  if (command === 'STARTTLS' && isReply(response)) {
    const forNow = response.startsWith('4')
    return new GatewayError('starttls_not_offered', forNow ? 'transient' : 'needs-admin', {
      hint: forNow ? 'slow' : 'operator',
      description: 'The mail server does not offer encryption on this port.',
      remedy: 'Use the port for implicit TLS (465), or ask the mail administrator to enable STARTTLS.',
      peerLine: redact(hideSecrets(response, peer.secrets)),
      ...extra,
    })
  }
  if (isReply(response)) return refusal(response, peer, extra)
  if (response) return unreadable(extra)
  if (code === 'EPROTOCOL' || code === 'EAUTH' || code === 'ESOCKET') {
    if (originalCode === undefined) return code === 'ESOCKET' ? connectionLost(extra) : unreadable(extra)
  }
  if (originalCode !== undefined) return networkError({ code: originalCode }, 'net', extra)
  // Of the library's own codes and words only these mean anything to anybody.
  return code === 'ETIMEDOUT' ? networkError({ code }, 'net', extra) : connectionLost(extra)
}

const connectionLost = (extra: Partial<ErrorDetails>): GatewayError =>
  networkError({ code: 'ECONNRESET' }, 'net', extra)

/** More bytes, replies or time than any mail server needs for this step. */
export function stageExceeded(stage: string, bound: string): GatewayError {
  return translate(
    { context: 'local', local: 'smtp_stage_exceeded' },
    { outcome: 'not-sent', peerLine: `${stage}: more than ${bound}` },
  )
}

/** The final dot left and nobody knows what became of it. */
export function outcomeUnknown(error: unknown): GatewayError {
  const { code, originalCode } = error as SmtpLibraryError
  return translate(
    { context: 'local', local: 'send_outcome_unknown' },
    {
      outcome: 'unknown',
      peerLine: originalCode ?? (code === 'ETIMEDOUT' ? code : 'no reply'),
    },
  )
}

/** The server answered something that is not SMTP, or at a time when nothing was asked. */
export function unreadable(extra: Partial<ErrorDetails>): GatewayError {
  return new GatewayError('smtp_unreadable_reply', 'transient', {
    hint: 'slow',
    description: "The mail server's answer is not SMTP.",
    remedy: 'Check the host and port; the gateway retries automatically.',
    ...extra,
  })
}
