import { silentLog } from '../../lib/log.js'
import { storageNames, tableNames } from '../../lib/model/names.js'
import { bytesInHand } from '../../lib/ports/bytes-in-hand.js'
import type { Clock } from '../../lib/ports/clock.js'
import { stopController } from '../../lib/stop-work.js'
import { memoryBlobs } from '../../lib/stores/memory-blobs.js'
import { memoryQueues } from '../../lib/stores/memory-queues.js'
import { memoryTables } from '../../lib/stores/memory-tables.js'
import { memoryVault } from '../../lib/stores/memory-vault.js'

/** What flows work on, in memory: its tables exist, its time is the clock's. */
export async function memoryStores<C extends Clock>(clock: C, environment = 'test') {
  const names = storageNames(environment)
  const tables = memoryTables(clock)
  for (const name of tableNames) await tables.ensure(names.table(name))
  return {
    names,
    tables,
    queues: memoryQueues(clock),
    blobs: memoryBlobs(),
    vault: memoryVault(),
    clock,
    log: silentLog,
    worker: 'test',
    stopping: stopController().signal,
    inHand: bytesInHand(),
  }
}
