import type { ErrorClass } from '../errors.js'

/** States of an accepted mail. `held` is `queued` with the flag. Only the listed transitions exist (REL-02). */
export type MailState = 'queued' | 'sending' | 'handing-over' | 'waiting' | 'sent' | 'failed' | 'unknown' | 'cancelled'

export const finalStates: ReadonlySet<MailState> = new Set(['sent', 'failed', 'cancelled'])

const transitions: Record<MailState, readonly MailState[]> = {
  queued: ['sending', 'cancelled', 'failed'],
  waiting: ['sending', 'queued', 'cancelled', 'failed'],
  sending: ['handing-over', 'waiting', 'queued', 'failed', 'unknown'],
  'handing-over': ['sent', 'waiting', 'failed', 'unknown'],
  unknown: ['sent', 'failed', 'waiting', 'queued', 'cancelled'],
  sent: [],
  failed: ['queued'],
  cancelled: [],
}

export function mayBecome(from: MailState, to: MailState): boolean {
  // A state of a newer build allows nothing here.
  return (transitions[from] ?? []).includes(to)
}

export interface MailAttempt {
  at: string
  /** `sent`, or the code of the error. */
  code: string
  class: ErrorClass | ''
  /** Hint of the error, which says who acts where the class does not; absent in rows of older versions. */
  hint?: string
  /** Plain description. */
  text: string
  remedy: string
  /** The peer's own line. */
  reply: string
}

/** The next attempt when somebody asks for one: now, but never before the planned start. */
export const earliestStart = ({ plannedAt }: Pick<Mail, 'plannedAt'>, now: number): number => Math.max(now, plannedAt)

export interface PermanentRefusal {
  address: string
  code: string
  /** Absent in rows of older versions. */
  remedy?: string
  /** The peer's own line; ours when it was not asked. */
  reply: string
}

/** One row of the journal, the only truth about whether a mail was sent. */
export interface Mail {
  id: string
  tenant: string
  mailboxId: string
  state: MailState
  held: boolean
  from: string
  recipients: string[]
  /** Recipients refused permanently. */
  refused: PermanentRefusal[]
  /** Recipients that already accepted it in an earlier attempt (REL-06). */
  delivered: string[]
  messageId: string
  /** Empty unless the tenant keeps subjects (KEEP_SUBJECT). */
  subject: string
  /** What the application wants back with the mail. */
  metadata: Record<string, string>
  contentHash: string
  bytes: number
  /** SHA-256 of the blob. */
  sha256: string
  draftId: string
  /** Milliseconds; when its last hand-over began, 0 before the first. */
  handedAt: number
  /** Attempts made so far. */
  attempts: number
  /** The last 20. */
  history: MailAttempt[]
  /**
   * Milliseconds; the start the application asked for. 0: none, or a person replaced it. Only that person's word moves
   * it.
   */
  plannedAt: number
  /** Milliseconds; the next attempt, planned or after a back-off: not before this time. */
  notBefore: number
  /** Milliseconds; given up after this time. 0: held, and none was given. */
  deadline: number
  whenUnknown: 'stop' | 'resend'
  /** Sent once more automatically after an unknown outcome; it never is a second time. */
  resent: boolean
  /** `{lane}:{fence}` of the worker that holds it. */
  claim: string
  acceptedAt: string
  finalAt: string
  /** Row key of its outbox hint, to remove it without a search. */
  outboxKey: string
}
