import type { MessageDefaults } from './message-defaults.js'
import type { SettingValues } from './setting.js'

/** Hosts, ports and TLS of one mail server. `plain` needs a recorded permission and never carries a bearer token. */
export interface ServerAddress {
  host: string
  port: number
  tls: 'implicit' | 'starttls' | 'plain'
  /** PEM of a private CA, when the server's certificate is not publicly trusted (M-024). */
  ca?: string
}

export interface SmtpOptions extends ServerAddress {
  /** Mails per SMTP session (M-031); absent: as the settings say. */
  messagesPerSession?: number
}

export interface ImapOptions extends ServerAddress {
  folder: string
}

export interface GraphOptions {
  /** `me` for the signed-in account's own mailbox, else the address or id of a shared one. */
  mailbox: string
  /** The grant sends and nothing else: it has no drafts and no Sent Items to look at. */
  sendOnly?: true
}

/** What happens at the server to a mail that was handed over. */
export type AfterReceive =
  | { action: 'leave' }
  | { action: 'mark-read' }
  | { action: 'move'; folder: string }
  | { action: 'delete' }

/** `after` absent: as the settings say. */
export type ReceiveSettings =
  /** `awaiting`: it receives as soon as an administrator of its organisation has approved that (M-142). */
  { transport: 'none'; awaiting?: AwaitedReceiving } | Receiving

export type Receiving =
  /** `user`: object id or user principal name, when it is not the mailbox's address (M-064). */
  | { transport: 'graph'; connectionId: string; user?: string; folder: string; after?: AfterReceive }
  | { transport: 'imap'; connectionId: string; imap: ImapOptions; after?: AfterReceive }

export interface AwaitedReceiving {
  receive: Receiving
  /** ISO date. */
  since: string
}

export type SendSettings =
  | { transport: 'none' }
  | { transport: 'graph'; connectionId: string; user?: string }
  | { transport: 'smtp'; connectionId: string; smtp: SmtpOptions }

/** Which one, where more is not needed. */
export interface MailboxRef {
  tenant: string
  mailboxId: string
}

/** A named place mail comes from and goes out of. Row `mailbox`, edited by people, and when what it awaits is approved. */
export interface Mailbox {
  id: string
  tenant: string
  /** Short key, 1 to 5 characters, unique in the tenant (M-106). */
  key: string
  /** Free name, unique in the tenant; empty: none (M-020). */
  name: string
  address: string
  displayName: string
  description: string
  purpose: string
  active: boolean
  receive: ReceiveSettings
  send: SendSettings
  /** Further addresses it may send as (M-038, SEC-30). */
  sendAs: string[]
  /** What the mailbox chooses for itself (M-004); absent: nothing. */
  settings?: SettingValues
  /** Fills what a mail leaves open (M-032); absent: nothing. */
  defaults?: MessageDefaults
  /** Counts every change of receive or send, so that a running job notices. */
  epoch: number
  createdAt: string
}
