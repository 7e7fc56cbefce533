/**
 * One family of errors for the whole gateway. An error carries its verdict: who must act (`class`), a stable word
 * (`code`), a plain description and the remedy, and the peer's own line, so that no caller has to guess.
 */

/** Who must act: nobody (wait), the author of the mail or request, the mailbox owner, an administrator. */
export type ErrorClass = 'transient' | 'permanent' | 'needs-reconnect' | 'needs-admin'

/** What is known about the effect of a failed hand-over: certainly nothing happened, or nobody can tell. */
export type Outcome = 'not-sent' | 'unknown'

/** Refines the class: whom a fault concerns, what waits for what, or what the code does next. */
export const hints = [
  // Who acts.
  'operator',
  'tenant',
  'config',
  'consent',
  'verify',
  'endpoint',
  'bug',
  'look-up',
  'finding-out',
  // What it is about: one mail, one recipient, the sender.
  'message',
  'recipient',
  'sender',
  'split',
  // Why it waits.
  'throttle',
  'slow',
  'busy',
  'sign-in',
  'quota-day',
  'quota-organisation',
  // What comes next.
  'resync',
  'refresh',
  'restart-flow',
  'ignore',
  'unknown-outcome',
  'unexplained',
  // What a sealed value lacks.
  'form',
  'key',
  'tag',
] as const
export type Hint = (typeof hints)[number]

export interface ErrorDetails {
  hint?: Hint | undefined
  /** Plain sentence for people; never contains a secret or the peer's raw text. */
  description?: string
  /** What to do, in one sentence. */
  remedy?: string
  /** The peer's own words, already bounded and redacted. */
  peerLine?: string | undefined
  /** Earliest useful retry, in milliseconds from now. */
  retryAfterMs?: number | undefined
  /** What the description names, for pages that say it in another language. */
  values?: Readonly<Record<string, string>> | undefined
  /** Input field at fault, as a path (`to[2].address`). */
  field?: string | undefined
  /** HTTP status for answers to callers; default by class. */
  status?: number
  /** Correlation ids of the peer, e.g. trace id, request id, timestamp. */
  trace?: Record<string, string> | undefined
  /** Known effect, only meaningful for sending. */
  outcome?: Outcome | undefined
  /** Every problem of one input at once. */
  problems?: Problem[] | undefined
  cause?: unknown
}

export interface Problem {
  field: string
  message: string
  /** What was found when the field was tried: its stable code, and the cure. */
  code?: string
  remedy?: string
}

export class GatewayError extends Error {
  readonly code: string
  readonly class: ErrorClass
  readonly hint: Hint | undefined
  readonly description: string
  readonly remedy: string
  readonly peerLine: string | undefined
  readonly retryAfterMs: number | undefined
  readonly values: Readonly<Record<string, string>> | undefined
  readonly field: string | undefined
  readonly status: number
  readonly trace: Record<string, string> | undefined
  readonly outcome: Outcome | undefined
  readonly problems: Problem[] | undefined

  constructor(code: string, errorClass: ErrorClass, details: ErrorDetails = {}) {
    super(`${code}: ${details.description ?? code}`, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'GatewayError'
    this.code = code
    this.class = errorClass
    this.hint = details.hint
    this.description = details.description ?? code
    this.remedy = details.remedy ?? ''
    this.peerLine = details.peerLine
    this.retryAfterMs = details.retryAfterMs
    this.values = details.values
    this.field = details.field
    this.status = details.status ?? defaultStatus(errorClass)
    this.trace = details.trace
    this.outcome = details.outcome
    this.problems = details.problems
  }

  /** The same error with some of its details replaced. */
  with(changed: ErrorDetails): GatewayError {
    const { code, class: errorClass, cause, ...details } = this
    const copy = new GatewayError(code, errorClass, { ...details, cause, ...changed })
    copy.stack = this.stack ?? ''
    return copy
  }
}

function defaultStatus(errorClass: ErrorClass): number {
  return errorClass === 'transient' ? 503 : errorClass === 'permanent' ? 422 : 409
}

/** Refused input: names the field, the limit and the cure. */
export function invalidInput(field: string, message: string, details: ErrorDetails = {}): GatewayError {
  return new GatewayError('invalid_input', 'permanent', {
    status: 400,
    field,
    description: `${field}: ${message}`,
    remedy: 'Correct the named field and send the request again.',
    problems: [{ field, message }],
    ...details,
  })
}

/** The same answer for an id that never existed and for one of another tenant (SEC-17). */
export function notFound(what: string): GatewayError {
  return new GatewayError('not_found', 'permanent', {
    status: 404,
    description: `No such ${what}.`,
    remedy: 'Check the id; it must belong to the tenant of your credential.',
  })
}

export function conflict(code: string, description: string, remedy: string): GatewayError {
  return new GatewayError(code, 'permanent', { status: 409, description, remedy })
}

/** Storage: the row exists already. */
export class RowExistsError extends Error {}
/** Storage: the row changed since its ETag was read. */
export class RowChangedError extends Error {}
/** Storage: nothing under that key. */
export class RowMissingError extends Error {}

/** Our own storage is the trouble: it does not answer, or refuses us. */
export const isStorageUnavailable = (error: unknown): boolean =>
  error instanceof GatewayError && (error.code === 'storage_unavailable' || error.code === 'storage_forbidden')

/**
 * Anything caught, as a GatewayError; what is not one of ours is a bug of ours and says so without leaking its text.
 */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  return new GatewayError('unexpected', 'transient', {
    hint: 'bug',
    status: 500,
    description: 'The gateway has an internal error.',
    remedy: 'Retry; if it happens again, report the request id to the operator.',
    cause: error,
  })
}

/** Name of a fault and its place in the code, without its message: messages may carry data. */
export function placeOf(fault: unknown): string {
  if (!(fault instanceof Error)) return typeof fault
  // The stack begins with the message, which may have lines of its own.
  const stack = fault.stack ?? ''
  const behind = stack.indexOf(fault.message) + fault.message.length
  const place = stack
    .slice(behind)
    .split('\n')
    .find((line) => /^\s+at /.test(line))
  return `${fault.name} ${place?.trim() ?? ''}`.trim()
}
