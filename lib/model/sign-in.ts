import type { Identity } from './connection.js'
import type { AfterReceive } from './mailbox.js'

export type SignInStatus = 'started' | 'returned' | 'signed-in' | 'confirmed' | 'refused' | 'cancelled' | 'expired'

export type Verdict =
  | { verdict: 'works' }
  /**
   * `opened`: the mailbox could be opened for it, and only a mail would have shown more. `unanswered`: the server that
   * a reconnect keeps did not answer.
   */
  | { verdict: 'not-tested'; opened?: true; unanswered?: true }
  | { verdict: 'fails'; code: string; text: string; remedy: string }

/** Sign-in, reading and sending are judged apart (M-072). */
export interface Verdicts {
  signIn: Verdict
  reading: Verdict
  sending: Verdict
}

/** What a person typed into the form for a password; the password itself never. */
export type TypedServers = Record<
  'username' | 'imapHost' | 'imapPort' | 'imapTls' | 'smtpHost' | 'smtpPort' | 'smtpTls',
  string
>

/** What went wrong with the last attempt, for the page the browser is sent to. */
export interface AttemptProblem {
  /** Beside the form it is about, or on the page of the result. */
  at: 'form' | 'page'
  /** Of the request that was refused: under it the log has the provider's own words. */
  requestId: string
  code: string
  class: string
  hint?: string
  description: string
  remedy: string
  status: number
  values?: Readonly<Record<string, string>>
  problems: { field: string; message: string }[]
  typed?: TypedServers
}

/** What a reconnect may change besides the authority itself; everything else stays as it was stored. */
export type ReconnectChange = 'provider' | 'server' | 'identity'

/** What the app asked for when it started the sign-in. */
export interface SignInTarget {
  kind: 'connect' | 'reconnect' | 'admin-consent'
  /**
   * For `admin-consent`: that people may connect their own mailboxes, or that the application opens any without a
   * person.
   */
  consent?: 'delegated' | 'app-only'
  /** Address of the mailbox; may be empty for `admin-consent`. */
  address: string
  displayName: string
  /** Free name of the mailbox; with one, it may be another one at an address that is connected. */
  name?: string
  /** Connection to renew. */
  connectionId?: string
  mailboxId?: string
  /** Identity that must sign in when it is not the mailbox itself (delegate of a shared mailbox). */
  expectedUser?: string
  /** The mailbox owner named that identity on our page; the value: how the link itself is confirmed. */
  namedByOwner?: SignInTarget['confirmation']
  /** The only registration that may be used; absent: any. */
  registrationId?: string
  /** Object id or user principal name of a shared mailbox, when it is not its address. */
  mailboxUser?: string
  /** What an administrator allowed a reconnect to change; absent: nothing. */
  allowChange?: ReconnectChange[]
  receive: boolean
  send: boolean
  /** What happens at the server to received mail; absent: as the settings say. */
  after?: AfterReceive
  /** It is connected for sending now, and receives when an administrator has approved that (M-142). */
  later?: 'receive'
  /** Received mail stays as it is there, so that reading is all that is asked for. */
  leavesMail?: boolean
  /** `full`: every permission over mail, for sending that can be looked up; absent: no more than is needed. */
  permissions?: 'full'
  /** Transports wanted; default graph for Microsoft, imap and smtp for others. */
  transport: 'auto' | 'graph' | 'imap-smtp'
  /** App: bound to the app's user session and confirmed with the result code. Link: confirmed by a tenant admin. */
  confirmation: 'result-code' | 'tenant-admin' | 'confirmed-by-link'
}

export interface SignIn {
  id: string
  tenant: string
  tenantName: string
  target: SignInTarget
  status: SignInStatus
  registrationId: string
  /** Id of the registered return URL row, empty for our own result page. */
  returnUrl: string
  identity?: Identity
  verdicts?: Verdicts
  /** Code of the refusal, for `refused`. */
  refusal: string
  createdAt: string
  expiresAt: number
}
