import { type ErrorDetails, GatewayError } from '../errors.js'
import { slowestBytesPerSecond } from '../protocol/patient-limit.js'

/**
 * The time limit for one mail, however steadily it arrives: below that of a poll, so that the error names the mail and
 * not the poll.
 */
export const longestFetchMs = 7 * 60_000

export function mailTooLarge(maxBytes: number): GatewayError {
  return new GatewayError('mail_too_large', 'permanent', {
    hint: 'message',
    description: `The mail is larger than the limit of ${maxBytes} bytes.`,
    remedy: "Read it in the mailbox itself. To import it, raise MAX_MAIL_BYTES, then import the mailbox's quarantine.",
  })
}

export function mailGone(): GatewayError {
  return new GatewayError('mail_gone', 'permanent', {
    hint: 'message',
    description: 'The mail was removed from the mailbox before it was read.',
    remedy: 'Nothing to do.',
  })
}

/**
 * It is there when asked for by number, and yet its bytes never come (RFC 2180 4.1: a server may refuse single mails).
 */
export function mailNotGiven(peerLine?: string): GatewayError {
  return new GatewayError('mail_not_given', 'transient', {
    hint: 'message',
    description: 'The mail server lists this mail but does not deliver it.',
    remedy:
      'Nothing to do now: the gateway retries automatically. If the mail is set aside, open it in the mailbox itself.',
    peerLine,
  })
}

/** It gives bytes, and yet it would hold the worker for hours: `slowestBytesPerSecond`. */
export function serverTooSlow(extra: Partial<ErrorDetails> = {}): GatewayError {
  return new GatewayError('mail_server_too_slow', 'transient', {
    hint: 'slow',
    description: `The mail server delivers mail more slowly than ${slowestBytesPerSecond / 1024} KiB per second, or not in the available time.`,
    remedy:
      'Nothing to do now: the gateway retries automatically. If it persists, ask the mail administrator to check the server and its network connection; a mail that is set aside because of it can be read in the mailbox itself.',
    ...extra,
  })
}

/** `count`: of how many mails; absent: of those of one command. */
export function mailActionRefused(who: string, { code, peerLine }: GatewayError, count?: number): GatewayError {
  const mails = count === undefined ? 'mail' : `${count} mail${count === 1 ? '' : 's'}`
  return new GatewayError('mail_action_refused', 'permanent', {
    hint: 'message',
    description: `${who} refused to mark, move or delete ${mails} that arrived here (${code}).`,
    remedy:
      'Do it in the mailbox itself; if no mail can be changed, give the application permission to write to the mailbox.',
    peerLine,
  })
}
