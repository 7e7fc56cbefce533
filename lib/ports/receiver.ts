import type { AfterReceive } from '../model/mailbox.js'
import type { ReceiveTarget } from '../model/transports.js'
import type { Authority } from './authority.js'

export interface FetchedMail {
  /** Identity at the server: `{uidValidity}.{uid}` for IMAP, immutable id for Graph (SEC-33: never the Message-ID). */
  serverId: string
  /** Server's date of arrival, milliseconds; 0 when the server gave none that can be. */
  receivedAt: number
  /** Size the server announced, in bytes, a hint only; 0 when unknown. */
  size: number
  /**
   * Raw RFC 5322 bytes; rejects with a GatewayError (`mail_too_large`, `mail_gone` when a second look says that
   * somebody removed the mail meanwhile, `mail_not_given` when it says the opposite, transient faults …).
   * `hint: message` says that a second look found the fault to be of this one mail.
   * `room` is asked before more than a few bytes are read, with how many there may be, and what it rejects with is
   * passed on.
   */
  raw(room?: (bytes: number) => Promise<void>): Promise<Uint8Array>
  /** Only a listing gives it: `one` cannot. */
  listedOnly?: true
}

export interface FetchLimits {
  /** At most so many mails in this poll. */
  maxMails: number
  /** Largest mail to fetch, in bytes; larger ones reject in `raw()` with `mail_too_large`. */
  maxBytes: number
  /** Without a cursor: only mail that arrived at or after this time (milliseconds); one without a date is given. */
  since: number
  /** After a failure: nothing about several mails is asked at once, so that the guilty one stands alone in `raw()`. */
  alone?: boolean
  /**
   * Called when the cursor moved on and there is more to read, so that it can be kept however the poll ends. `false`:
   * the rest has to wait for the next poll.
   */
  moved?(cursor: string): Promise<boolean>
  /**
   * Awaited before anything is asked about mails found, which may end the process: with `alone` once for each, else
   * once for all. False: nothing is asked about it and the position goes on behind it.
   */
  mayTake?(serverIds: readonly string[]): Promise<boolean>
}

export interface ReceiveSession {
  /**
   * Mails after the cursor, oldest first. `resynced` on the result says that the cursor was no longer valid (410,
   * UIDVALIDITY) and mails from `limits.since` on are given again, to be deduplicated by the caller.
   */
  fetch(cursor: string | undefined, limits: FetchLimits): AsyncIterable<FetchedMail>
  /** One mail by its server id, after `fetch` in this session; `raw()` rejects with `mail_gone` for an id of old. */
  one(serverId: string, limits: FetchLimits): FetchedMail
  /** False when nothing more can be asked in this session, whatever it is about; absent: it always can. */
  usable?(): boolean
  /** Bytes that arrived in this session so far: while they grow, its poll may go on. Absent: nobody counts. */
  bytesArrived?(): number
  /** The cursor that stands behind everything yielded so far. Opaque string. */
  cursor(): string
  /** True when this fetch had to start over. */
  resynced(): boolean
  /** True when more mails wait behind `maxMails`. */
  more(): boolean
  /** After-receive action at the server; a mail that is gone is no error. */
  after(serverIds: string[], action: AfterReceive): Promise<void>
  /** Looks for a Message-ID in the Sent folder (outcome of an interrupted SMTP hand-over). */
  findSent?(messageId: string): Promise<boolean>
  /** Proves that the folder can be read, where opening alone asks the server nothing. */
  check?(): Promise<void>
  close(): Promise<void>
}

export interface Receiver {
  open(target: ReceiveTarget, authority: Authority, signal: AbortSignal): Promise<ReceiveSession>
}
