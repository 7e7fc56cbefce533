import type { Log } from '../../log.js'
import type { Names } from '../../model/names.js'
import type { Blobs } from '../../ports/blobs.js'
import type { Clock } from '../../ports/clock.js'
import type { Queues } from '../../ports/queues.js'
import type { Tables } from '../../ports/tables.js'
import type { Vault } from '../../ports/vault.js'
import type { BytesInHand } from './bytes-in-hand.js'

/** What every flow works on; made once in `gateway.ts`, made anew by each test. */
export interface Dependencies {
  names: Names
  tables: Tables
  queues: Queues
  blobs: Blobs
  vault: Vault
  clock: Clock
  log: Log
  /** Name of this process in leases. */
  worker: string
  /** Aborted when this instance is being taken away: nothing new is begun, the rest is left to another one (M-170). */
  stopping: AbortSignal
  /** Room for the bytes of mail in this process. */
  inHand: BytesInHand
}
