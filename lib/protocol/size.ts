import { GatewayError } from '../errors.js'

/** Bytes that a base64 part needs in MIME: lines of 76 characters and their CRLF. */
export const base64PartBytes = (base64Chars: number): number => base64Chars + Math.ceil(base64Chars / 76) * 2

/** Refuses before anything is composed or sent, with both numbers (M-036, P-28). `bytes` counts after encoding. */
export function checkMailSize(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return
  throw new GatewayError('mail_too_large', 'permanent', {
    status: 413,
    description: `The mail has ${megabytes(bytes)} after encoding; at most ${megabytes(maxBytes)} are accepted.`,
    remedy: 'Send fewer or smaller attachments, or a link to them; encoding adds 37 % to a file.',
    field: 'attachments',
  })
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`
