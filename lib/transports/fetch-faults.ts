import { GatewayError } from '../errors.js'

export function mailTooLarge(maxBytes: number): GatewayError {
  return new GatewayError('mail_too_large', 'permanent', {
    hint: 'message',
    description: `The mail is larger than the limit of ${maxBytes} bytes.`,
    remedy: 'Read it in the mailbox itself, or raise the limit.',
  })
}

export function mailGone(): GatewayError {
  return new GatewayError('mail_gone', 'permanent', {
    hint: 'message',
    description: 'The mail was removed from the mailbox before it was read.',
    remedy: 'Nothing to do.',
  })
}
