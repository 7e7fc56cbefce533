import type { Resource } from './connection.js'
import type { ServerAddress } from './mailbox.js'

/** Authority as the provider granted it, before it belongs to a connection. */
export type Grant =
  | {
      kind: 'oauth'
      resource: Resource
      accessToken: string
      /** Milliseconds. */
      expiresAt: number
      refreshToken: string
      scopes: string[]
      registrationId: string
    }
  | {
      kind: 'app-only'
      resource: Resource
      accessToken: string
      expiresAt: number
      scopes: string[]
      registrationId: string
    }
  | { kind: 'password'; username: string; password: string; imap?: ServerAddress; smtp?: ServerAddress }

/** Authority over one mailbox, gained by its owner. */
export type MailboxGrant = Exclude<Grant, { kind: 'app-only' }>
