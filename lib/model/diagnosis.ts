import type { ErrorClass, Hint } from '../errors.js'

/** Where an error came from: which catalogue sources are asked, in which order. */
export type DiagnosisContext =
  | 'ms-token'
  | 'google-token'
  | 'oauth-token'
  | 'graph'
  | 'gmail-api'
  | 'ms-smtp'
  /** Where the application itself signs in. */
  | 'ms-smtp-app'
  | 'gmail-smtp'
  | 'smtp'
  | 'ms-imap'
  | 'ms-imap-app'
  | 'gmail-imap'
  | 'imap'
  | 'ms-pop'
  | 'net'
  | 'local'

/** Facts of a failure, as far as the adapter knows them. */
export interface Fault {
  context: DiagnosisContext
  /** Raw text of the peer, unbounded; the matcher bounds and redacts what it keeps. */
  text?: string
  /** What the peer was given or gave: wherever it repeats one, in whatever writing, the line is withheld. */
  secrets?: readonly string[]
  oauthError?: string
  suberror?: string
  aadsts?: number[]
  graphCode?: string
  innerGraphCode?: string
  googleReason?: string
  http?: number
  smtp?: number
  enhanced?: string
  imap?: 'NO' | 'BAD' | 'BYE'
  pop?: 'ERR'
  net?: string
  azure?: string
  local?: string
  operation?: 'send' | 'receive' | 'token' | 'connect'
  retryAfterMs?: number
  trace?: Record<string, string>
  cause?: unknown
}

/** A catalogue entry that matched. */
export interface Diagnosis {
  /** Stable word derived from source and match, e.g. `entra_aadsts700082`, `smtp_535`, `exo_smtp_5_7_139`. */
  code: string
  class: ErrorClass
  /** Absent where the class says all. */
  hint: Hint | undefined
  description: string
  remedy: string
}
