import type { ProviderName } from './providers.js'

/** Who signed in, from validated id_token claims. Microsoft: tid+oid; others: iss+sub. */
export interface Identity {
  issuer: string
  tenantId?: string
  objectId?: string
  subject: string
  /** UPN or e-mail; for showing and for the match with the expected mailbox, never as the identity key. */
  username: string
  /**
   * Another address of the same account, proven at the sign-in: the one that was expected when it is not the user name.
   */
  alias?: string
  displayName?: string
}

/** `app-only`: an administrator allowed the application itself; nobody has to stay signed in. */
export type ConnectionMode = 'delegated' | 'app-only' | 'password' | 'anonymous'
export const connectionStates = ['connected', 'needs-reconnect', 'needs-admin', 'removed'] as const
export type ConnectionState = (typeof connectionStates)[number]

/** Authority over mail, once confirmed. Row `connection`. */
export interface Connection {
  id: string
  tenant: string
  mode: ConnectionMode
  provider: ProviderName
  registrationId: string
  /** Who signed in; for `app-only` the administrator who allowed it. Absent for password and anonymous connections. */
  identity?: Identity
  /** SASL user of a password connection. */
  username: string
  /** Everything consented to, spelled as it was asked for; may span resources. */
  scopes: string[]
  state: ConnectionState
  /** Code of the error that took it out of `connected`. */
  reason: string
  stateSince: string
  createdAt: string
  /** When authority was last gained by a person. */
  connectedAt: string
}

const canSend = /\bmail\.send(\.shared)?$/i
const canWrite = /\bmail\.readwrite(\.shared)?$/i

/**
 * May it send by Graph and not write? Then it sends with one call, and what came of it cannot be looked up (M-140). An
 * application whose scopes say nothing was allowed by Exchange itself, and is taken to have both.
 */
export const isSendOnly = (scopes: readonly string[]): boolean =>
  scopes.some((scope) => canSend.test(scope)) && !mayWrite(scopes)

export const mayWrite = (scopes: readonly string[]): boolean => scopes.some((scope) => canWrite.test(scope))

/** Which one, where more is not needed. */
export interface ConnectionRef {
  tenant: string
  connectionId: string
}

/** The scopes of one token request: one resource only (a token has one audience). */
export type Resource = 'graph' | 'outlook'

/**
 * How Graph calls a mailbox: `me` for the signed-in account's own, else its user principal name, object id or address.
 */
export function graphMailbox(
  connection: Pick<Connection, 'mode' | 'identity'> | undefined,
  address: string,
  user = address,
): string {
  const identity = connection?.mode === 'app-only' ? undefined : connection?.identity
  const own = [identity?.username, identity?.alias, identity?.objectId]
  return own.some((name) => name?.toLowerCase() === user.toLowerCase()) ? 'me' : user
}
