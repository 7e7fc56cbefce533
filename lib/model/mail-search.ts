import type { MailState } from './mail.js'

/** What people know about a mail that they are looking for. */
export interface MailFilter {
  recipient?: string | undefined
  /** Part of it, whatever its case. */
  subject?: string | undefined
  messageId?: string | undefined
  idempotencyKey?: string | undefined
  metadata?: { key: string; value: string } | undefined
  state?: MailState | 'held' | undefined
  mailboxId?: string | undefined
  /** Acceptance, milliseconds: from `since` up to, but without, `until`. */
  since?: number | undefined
  until?: number | undefined
}

export interface MailSearch extends MailFilter {
  /** Default 50, at most 200. */
  limit?: number | undefined
  /** Finished mail too, although nothing is searched for. */
  includeDone?: boolean | undefined
  /** `next` of the page before. */
  after?: string | undefined
}
