import type { Log } from '../log.js'
import type { Names } from '../model/names.js'
import type { Blobs } from './blobs.js'
import type { BytesInHand } from './bytes-in-hand.js'
import type { Clock } from './clock.js'
import type { Queues } from './queues.js'
import type { Tables } from './tables.js'
import type { Vault } from './vault.js'

/** What every flow works on; made once in `gateway.ts`, made anew by each test. */
export interface Toolbox {
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
