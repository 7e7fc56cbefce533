import { GatewayError } from '../errors.js'

export function mailTooLarge(maxBytes: number): GatewayError {
  return new GatewayError('mail_too_large', 'permanent', {
    hint: 'message',
    description: `The mail is larger than the limit of ${maxBytes} bytes.`,
    remedy:
      'Read it in the mailbox itself. To import it, raise MAX_MAIL_BYTES, then import what is in quarantine of the mailbox.',
  })
}

export function mailGone(): GatewayError {
  return new GatewayError('mail_gone', 'permanent', {
    hint: 'message',
    description: 'The mail was removed from the mailbox before it was read.',
    remedy: 'Nothing to do.',
  })
}

/** It is there when asked for by number, and yet its bytes never come (RFC 2180 4.1: a server may refuse single mails). */
export function mailNotGiven(peerLine?: string): GatewayError {
  return new GatewayError('mail_not_given', 'transient', {
    hint: 'message',
    description: 'The mail server lists this mail and does not give it.',
    remedy:
      'Nothing to do now: the gateway retries automatically. If the mail is set aside, open it in the mailbox itself.',
    ...(peerLine === undefined ? {} : { peerLine }),
  })
}
