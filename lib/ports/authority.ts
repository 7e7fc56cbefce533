import type { Connection } from '../model/connection.js'
import type { ReceiveTarget, SendTarget } from '../model/transports.js'
import type { Secret } from '../secret.js'

/** The provider's own mail API, where a connection's cloud has it. */
export interface MailApi {
  /** The bearer token goes nowhere else. */
  origin: string
  /** Origins of pre-authorised upload URLs; they get no token. */
  uploads: readonly string[]
}

/** What a transport presents to a mail server to sign in. */
export type Authority =
  | {
      kind: 'bearer'
      /** SASL user or Graph user: the mailbox's address, not necessarily who signed in. */
      user: string
      /** A current access token for the transport's resource; `renew` after the server refused the one before. */
      token(options?: { renew?: boolean }): Promise<Secret>
      /** The application itself is let in: nobody signed in. */
      ofApp?: boolean
      /** Left out: the usual one of its provider. */
      api?: MailApi | undefined
    }
  | { kind: 'password'; user: string; password: Secret }
  /** `from`: whose mail it would be; a test asks the relay whether it takes mail of this sender. */
  | { kind: 'anonymous'; from?: string }

/** A connection as just read, and what it shows a mail server: one request for both. */
export interface Access {
  connection: Connection
  /**
   * `user`: the mailbox's address; `needs`: the direction whose permissions the token must carry. Rejects with
   * `needs-reconnect` or `needs-admin` when a person must act first.
   */
  authority(user: string, target: ReceiveTarget | SendTarget, needs?: 'receive' | 'send'): Promise<Authority>
}
