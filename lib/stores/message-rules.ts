import { GatewayError } from '../errors.js'

/** 48 KiB of JSON: base64 makes it the 64 KiB that a queue takes. */
const maxMessageBytes = 48 * 1024
const maxDelayMs = 120_000

/** A message as it lies in a queue. */
export function encodeMessage(message: unknown): string {
  const bytes = Buffer.from(JSON.stringify(message))
  if (bytes.length > maxMessageBytes)
    throw new GatewayError('message_too_large', 'permanent', {
      status: 413,
      description: `A queue message of ${bytes.length} bytes does not fit, at most ${maxMessageBytes}.`,
      remedy: 'Put the content into a blob and its name into the message.',
    })
  return bytes.toString('base64')
}

export function checkDelay(delayMs: number): void {
  if (!(delayMs >= 0 && delayMs <= maxDelayMs))
    throw new GatewayError('delay_refused', 'permanent', {
      hint: 'bug',
      status: 500,
      description: `A queue delay of ${delayMs} ms is not allowed, at most ${maxDelayMs}: waiting belongs in rows.`,
    })
}
