import { type ErrorDetails, GatewayError } from '../errors.js'
import type { Fault } from '../model/diagnosis.js'
import { diagnose } from './diagnose.js'
import { hideSecrets } from './hide-secrets.js'
import { redact } from './redact.js'

/**
 * The one way from a peer's failure to an error of ours: the catalogue says who must act, the peer's line is kept
 * without the secrets of the session, redacted and bounded. `extra` wins over everything found, e.g.
 * `{ outcome: 'unknown' }`.
 */
export function translate(fault: Fault, extra: Partial<ErrorDetails> = {}): GatewayError {
  const { code, class: errorClass, hint, description, remedy } = diagnose(fault)
  const { secrets = [] } = fault
  const shown: Show = (text, limit) => redact(hideSecrets(text, secrets), limit)
  const peerLine = fault.text ? shown(fault.text) : ''
  const asked = fault.retryAfterMs ?? waitInText(fault.text ?? '')
  const retryAfterMs = asked === undefined ? undefined : Math.min(asked, longestWaitMs)
  return new GatewayError(code, errorClass, {
    hint,
    description,
    remedy,
    ...(peerLine ? { peerLine } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(fault.trace ? { trace: bounded(fault.trace, shown) } : {}),
    ...(fault.cause === undefined ? {} : { cause: harmless(fault.cause, shown) }),
    ...extra,
  })
}

/** A peer's number is a hint: eleven days without mail, because a proxy wrote 999999, are nobody's wish. */
const longestWaitMs = 3_600_000

/** Exchange names the wait of a throttled IMAP session in words; less than a minute never helps there. */
function waitInText(text: string): number | undefined {
  const ms = /suggested backoff time:?\s{0,5}(\d{1,9})\s{0,5}milliseconds/i.exec(text.slice(0, 16_384))?.[1]
  return ms === undefined ? undefined : Math.max(Number(ms), 60_000)
}

type Show = (text: string, limit?: number) => string

function bounded(trace: Record<string, string>, shown: Show): Record<string, string> {
  return Object.fromEntries(
    Object.entries(trace).map(([name, value]) => [name, guid.test(value) ? value : shown(value, 100)]),
  )
}

/** Alone on its line it looks like a SASL answer in base64; no credential of ours has this shape. */
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Mail and HTTP libraries hang the peer's answer, even the credentials sent, on their errors: only name, code, text,
 * frames.
 */
function harmless(cause: unknown, shown: Show): unknown {
  if (!(cause instanceof Error)) return typeof cause === 'string' ? shown(cause) : undefined
  if (cause instanceof GatewayError) return cause
  const copy = new Error(shown(cause.message))
  copy.name = cause.name
  const frames = cause.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  copy.stack = [`${copy.name}: ${copy.message}`, ...frames].join('\n')
  const { code } = cause as { code?: unknown }
  return typeof code === 'string' ? Object.assign(copy, { code: shown(code, 60) }) : copy
}
