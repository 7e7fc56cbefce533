import { GatewayError } from '../errors.js'
import { mailJson, strictJson } from './strict-json.js'

/** A message of a version that a newer build writes: nothing about its shape is known, not even how deep it may be. */
export interface NewerMessage {
  text: string
  firstMessageId: string | undefined
}

export type DecodedMessage =
  | { value: unknown }
  | { newer: NewerMessage }
  /** Why nobody will act on it, and the tenant that it names, or empty. */
  | { refusal: GatewayError; tenant: string }

/**
 * What a queue message says. Writers disagree about base64: we and the Functions bindings use it, the queue clients of
 * .NET, Java and Python send the text as it is unless told otherwise. `host.json` hands every text over untouched,
 * because one that the host itself cannot decode goes round in the poison queue where no function ever sees it
 * (REL-10).
 *
 * `given` are the bytes of the text; a text, or its value, from a host that gives no bytes. JSON, as it is or in
 * base64, that breaks the rules of bodies (`strict-json.ts`) is refused, the same for every queue (H6).
 */
export function decodeMessage(given: unknown): DecodedMessage {
  const text = textOf(given)
  if (text === undefined) return { refusal: unreadable(), tenant: '' }
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)
  const bytes = Buffer.from(text, isBase64 ? 'base64' : 'utf8')
  try {
    const value = strictJson(bytes, mailJson)
    return isNewer(value) ? newer(bytes.toString(), value) : { value }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const value = parsed(bytes.toString())
    // Who gives the version twice says nothing of it.
    if (isNewer(value) && field(error) !== 'v') return newer(bytes.toString(), value)
    return { refusal: error, tenant: tenantIn(bytes.toString(), value, error) }
  }
}

/** The text of a message, as it lies in the queue; `undefined` for what no text can be. */
export function textOf(given: unknown): string | undefined {
  if (given instanceof Uint8Array) return Buffer.from(given).toString()
  if (typeof given === 'string') return given
  try {
    return JSON.stringify(given)
  } catch {
    return undefined
  }
}

const isNewer = (value: unknown): value is { v: number; firstMessageId?: unknown } =>
  typeof value === 'object' && value !== null && 'v' in value && Number.isInteger(value.v) && Number(value.v) > 1

function newer(text: string, { firstMessageId }: { firstMessageId?: unknown }): DecodedMessage {
  return { newer: { text, firstMessageId: typeof firstMessageId === 'string' ? firstMessageId : undefined } }
}

const field = (error: GatewayError): unknown => (error as { field?: unknown }).field

const unreadable = (): GatewayError =>
  new GatewayError('invalid_input', 'permanent', {
    description: 'body is nested too deeply to be stored.',
    remedy: 'Send it with less nesting.',
  })

/** At most 64 KiB, and only to say whose it was. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The tenant named once and for all: by the message itself, or in the whole text of one that is no JSON. */
function tenantIn(text: string, value: unknown, error: GatewayError): string {
  if (typeof value === 'object' && value !== null && field(error) !== 'tenant') {
    const { tenant } = value as { tenant?: unknown }
    return typeof tenant === 'string' ? tenant : ''
  }
  const named = new Set([...text.matchAll(/"tenant"\s{0,9}:\s{0,9}"([^"\\]{1,64})"/g)].map(([, tenant]) => tenant!))
  return named.size === 1 ? [...named][0]! : ''
}
