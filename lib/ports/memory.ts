/**
 * The caches of one process, created once, and anew by each test. The code that uses an entry says how long it counts
 * and how many are kept.
 */
import type { Caller } from '../model/caller.js'
import type { Resource } from '../model/connection.js'
import type { Registration } from '../model/registration.js'
import type { Sealer } from '../model/sealer.js'
import type { TenantSettings } from '../model/setting.js'
import type { Secret } from '../secret.js'

export interface AccessToken {
  token: Secret
  /** Milliseconds. */
  expiresAt: number
}

/** A registration with what proves that it is us. */
export interface RegisteredClient {
  registration: Registration
  credential: Secret | undefined
}

/** `until`: milliseconds. */
export interface Remembered<T> {
  value: T
  until: number
}

export interface Memory {
  /** By the hash of the credential. */
  callers: Map<string, Remembered<Caller>>
  /** Role of the key behind each session, by the session's id. */
  consoleSessions: Map<string, Remembered<string>>
  tenantSettings: Map<string, Remembered<TenantSettings>>
  /** Ids of a tenant's webhook endpoints. */
  endpointIds: Map<string, Remembered<string[]>>
  clients: Map<string, Remembered<RegisteredClient>>
  sealer: Remembered<Promise<Sealer>> | undefined
  /**
   * By connection id alone, which is already hashed when it comes from a row: joining a key costs more than the
   * look-up.
   */
  accessTokens: Record<Resource, Map<string, Remembered<AccessToken> & { tenant: string }>>
  /** Refreshes under way. */
  refreshes: Map<string, Promise<AccessToken>>
  /** With the pointer of the row by which each was read. */
  passwords: Map<string, { pointer: string; password: Secret }>
  /** Leases of polls beyond their usual time. */
  longPolls: Set<object>
  /** Milliseconds until when, by tenant and organisation. */
  organisationPauses: Map<string, number>
  /** How many mails are in hand that may have ended a process before. */
  suspects: number
}

export const newMemory = (): Memory => ({
  callers: new Map(),
  consoleSessions: new Map(),
  tenantSettings: new Map(),
  endpointIds: new Map(),
  clients: new Map(),
  sealer: undefined,
  accessTokens: { graph: new Map(), outlook: new Map() },
  refreshes: new Map(),
  passwords: new Map(),
  longPolls: new Set(),
  organisationPauses: new Map(),
  suspects: 0,
})
