/** Who signed in, from validated id_token claims. Microsoft: tid+oid; others: iss+sub. */
export interface Identity {
  issuer: string
  tenantId?: string
  objectId?: string
  subject: string
  /** UPN or e-mail; for showing and for the match with the expected mailbox, never as the identity key. */
  username: string
  displayName?: string
}

export type ConnectionMode = 'delegated' | 'password' | 'anonymous'
export type ConnectionState = 'connected' | 'needs-reconnect' | 'needs-admin' | 'removed'

/** Authority over mail, once confirmed. Row `connection`. */
export interface Connection {
  id: string
  tenant: string
  mode: ConnectionMode
  provider: 'microsoft' | 'google' | 'oauth2' | 'basic'
  registrationId: string
  /** Absent for password and anonymous connections. */
  identity?: Identity
  /** SASL user of a password connection. */
  username: string
  scopes: string[]
  state: ConnectionState
  /** Code of the error that took it out of `connected`. */
  reason: string
  stateSince: string
  createdAt: string
  /** When authority was last gained by a person. */
  connectedAt: string
}

/** The scopes of one token request: one resource only (a token has one audience). */
export type Resource = 'graph' | 'outlook'
