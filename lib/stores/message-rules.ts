import { GatewayError } from '../errors.js'

/** 48 KiB of JSON: in base64 that is the 64 KiB that a queue accepts. */
const maxMessageBytes = 48 * 1024
const maxDelayMs = 120_000

/** What a queue takes of a text that is JSON already and too long for base64. */
const maxTextBytes = 64 * 1024

/** A message as it lies in a queue; bytes are a text of JSON that somebody else wrote. */
export function encodeMessage(message: unknown): string {
  const bytes = message instanceof Uint8Array ? Buffer.from(message) : Buffer.from(JSON.stringify(message))
  if (message instanceof Uint8Array && bytes.length > maxMessageBytes && bytes.length <= maxTextBytes)
    return bytes.toString()
  if (bytes.length > maxMessageBytes)
    throw new GatewayError('message_too_large', 'permanent', {
      status: 413,
      description: `A queue message of ${bytes.length} bytes is too large; at most ${maxMessageBytes} bytes fit.`,
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
