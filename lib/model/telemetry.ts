/**
 * Every line the gateway logs for machines, with its fields. The type of `Log` comes from this table, so nothing else
 * can be logged and no field left out; alerts and the workbook in `infra/` use only these names (a test checks them).
 * Fields are ids, codes, counts and durations: never an address, a subject, a token or a server's text (SEC-40).
 */
export const telemetry = {
  /**
   * The work of a timer is done. `kind`: by its own trigger, or by the second clock because it was late; `subjects`:
   * handed out; `lateMs`: how long the most overdue of them had waited.
   */
  'timer-ran': ['timer', 'kind', 'ms', 'subjects', 'lateMs'],
  /** A timer has not run for minutes; said each round by the second clock, which does not hang on any timer. */
  'timer-late': ['timer', 'lateMs'],
  /** The second clock did the work of a late timer, and it failed. */
  'timer-failed': ['timer', 'code'],
  /** A job of polls has finished, counted by outcome. */
  'polls-ran': ['mailboxes', 'idle', 'mail', 'failed', 'skipped', 'handedOver', 'quarantined', 'ms'],
  /** One attempt to send one mail, or the end of a mail: `state` is where it stands after it. */
  'mail-attempt': ['tenant', 'mailboxId', 'mailId', 'state', 'attempt', 'code', 'class'],
  /** A request repeated an Idempotency-Key: its answer is the mail of the first one, nothing new is sent. */
  'mail-repeated': ['tenant', 'mailId'],
  /** The open mail of the deployment, every five minutes. `gated`: behind a gate somebody must open. */
  'mails-open': ['waiting', 'gated', 'held', 'unknown', 'oldestLateMs', 'oldestUnknownMs'],
  /** Length of a work queue and of its poison queue, every five minutes. */
  'queue-length': ['queue', 'waiting', 'poison'],
  /** What needs attention, every five minutes, one line per kind and class; a healthy deployment writes none. */
  'attention-open': ['kind', 'class', 'count', 'oldestMs'],
  /** Journal and outbox of a tenant disagree: how many mails, since when. */
  'balance-not-closed': ['tenant', 'difference', 'sinceMs'],
  /**
   * A process died in an acceptance: `count` mails of a lane were woken; 0: what nobody was told was accepted is
   * cleaned up.
   */
  'acceptance-repaired': ['tenant', 'mailboxId', 'count'],
  /** A provider takes no more mail of an organisation for now: all its mailboxes wait for `ms`. */
  'organisation-paused': ['tenant', 'mailboxes', 'code', 'ms'],
  /** A client secret or certificate ends in 60, 30, 7 or 1 days or has ended; once per stage. */
  'secret-expiring': ['tenant', 'registrationId', 'daysLeft', 'code'],
  /**
   * What the deployment stands on (`platformId`, a row of `lib/model/platform-dates.ts`) ends within six months; once
   * per stage.
   */
  'platform-date-near': ['platformId', 'daysLeft', 'code'],
  /** A request ended with a fault of ours; `fault`: name and place in the code, never a message. */
  'api-failed': ['operation', 'tenant', 'code', 'requestId', 'fault'],
  /**
   * A field of an answer that its schema does not name stayed inside: a fault of ours that costs nothing but the field.
   */
  'answer-field-dropped': ['operation', 'fieldId'],
  /** A request was answered with 4xx: `operation`, or where it was refused, `page` or `console`. */
  'request-refused': ['operation', 'tenant', 'code', 'requestId'],
  'page-failed': ['code', 'requestId', 'fault'],
  'console-failed': ['code', 'requestId', 'fault'],
  /** A fault that nothing caught; `ends`: the process ended over it, else one connection. */
  'uncaught-fault': ['code', 'fault', 'ends'],
  /** A message was removed after five failures. */
  'message-buried': ['queue', 'tenant', 'messageId'],
  /** Content of outgoing mail that belonged to no open mail for a day was deleted. */
  'orphans-removed': ['count'],
  'start-failed': ['code', 'settings'],
  'sweep-part-failed': ['part', 'code'],
  'poll-broke-off': ['tenant', 'mailboxId', 'error'],
  'webhook-given-up': ['tenant', 'endpointId', 'code'],
  'connection-changed': ['tenant', 'connectionId', 'state', 'code'],
  'refresh-failed': ['tenant', 'connectionId', 'code', 'class'],
  'grant-not-refreshed': ['tenant', 'connectionId', 'code'],
  /** A mailbox that sends waits for an administrator to approve reading; `code`: what this try heard. */
  'approval-awaited': ['tenant', 'mailboxId', 'code'],
  'refresh-token-not-stored': ['tenant', 'connectionId', 'code'],
  'log-row-dropped': ['table', 'tenant'],
  'probe-failed': ['signInId', 'code'],
  'sign-in-refused': ['signInId', 'tenant', 'code', 'requestId'],
  'sign-in-expiry-failed': ['signInId', 'code'],
} as const satisfies Record<string, readonly string[]>

export type TelemetryName = keyof typeof telemetry

export type TelemetryFields<N extends TelemetryName> = {
  [F in (typeof telemetry)[N][number]]: string | number | boolean | undefined
}
