/** What the sessions of one server share, and what a session offers to the folder it opened. */
import type { AccountOptions } from '../accounts.js'
import type { ServerCertificate } from '../certificate.js'
import type { Wire } from '../wire.js'
import type { ImapFaults } from './imap-faults.js'
import type { ImapCommand } from './imap-grammar.js'
import type { ImapLies } from './imap-lies.js'
import type { MailFolder, MailStore, StoredMessage } from './mail-store.js'

/** What a command answers: the text of its tagged reply, such as `OK Done` or `NO [TRYCREATE] …`. */
export type Outcome = string

export interface ImapOptions extends AccountOptions {
  mode: 'implicit' | 'starttls' | 'plain'
  /** Required unless mode is `plain`. */
  tls?: ServerCertificate
  /** Mode starttls: offer and take logins in clear text too, as an attacker in the middle would (SEC-26). */
  clearLogin?: boolean
  /** Mail to serve; default an empty store. */
  store?: MailStore
  /**
   * How a refused XOAUTH2 looks: `google` sends a base64 JSON challenge first, `exchange` only says NO. Default google.
   */
  dialect?: 'google' | 'exchange'
  /** Further logins of one user are refused. Default 16. */
  maxSessionsPerUser?: number
  /** Largest mail APPEND takes, in bytes; default 35 MiB. */
  appendLimit?: number
  /** After a client appended a mail. */
  onAppend?: (user: string, folder: MailFolder, message: StoredMessage) => void
  port?: number
}

export interface ImapCommandSeen {
  connection: number
  line: string
  secure: boolean
  user: string | undefined
}

/** What all sessions of one server share. */
export interface ImapServerState {
  options: ImapOptions
  store: MailStore
  faults: ImapFaults
  lies: ImapLies
  withheld: Set<string>
  commands: ImapCommandSeen[]
  sessionsOf: Map<string, number>
  lie: { exists: number }
  counts: { logins: number; bodies: number }
}

/** One connection, as its open folder knows it. */
export interface ImapConnection {
  readonly state: ImapServerState
  readonly wire: Wire
  untagged(line: string | Buffer): void
  offers(capability: string): boolean
  /** True when this step was ordered to misbehave and the session is over. */
  diesAt(at: string, command: ImapCommand, uid?: number): Promise<boolean>
}
