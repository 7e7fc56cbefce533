import type { Resource } from './connection.js'
import type { ServerAddress } from './mailbox.js'
import type { Targets } from './transports.js'

/** Authority as the provider granted it, before it belongs to a connection. */
export type Grant =
  | {
      kind: 'oauth'
      resource: Resource
      /** Where it was tested, when neither provider nor registration says where. */
      targets?: Targets
      accessToken: string
      /** Milliseconds. */
      expiresAt: number
      refreshToken: string
      scopes: string[]
      registrationId: string
      /** Of the identity: it tells the cloud. */
      issuer?: string
    }
  | {
      kind: 'app-only'
      /** By which the organisation knows the application. */
      applicationObject?: string
      resource: Resource
      accessToken: string
      expiresAt: number
      scopes: string[]
      registrationId: string
    }
  | { kind: 'password'; username: string; password: string; imap?: ServerAddress; smtp?: ServerAddress }

export type AppGrant = Extract<Grant, { kind: 'app-only' }>

/** Authority over one mailbox, gained by its owner. */
export type MailboxGrant = Exclude<Grant, { kind: 'app-only' }>
