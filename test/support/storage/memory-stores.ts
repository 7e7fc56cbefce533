import { storageNames, tableNames } from '../../../lib/model/names.js'
import type { Clock } from '../../../lib/ports/clock.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { memoryQueues } from '../../../lib/stores/memory-queues.js'
import { memoryTables } from '../../../lib/stores/memory-tables.js'
import { toolbox } from '../general/toolbox.js'

/** The toolbox with stores in memory whose tables exist; its time is the clock's. */
export async function memoryStores<C extends Clock, O extends Partial<Toolbox>>(clock: C, over: O = {} as O) {
  const names = storageNames('test')
  const tables = memoryTables(clock)
  for (const name of tableNames) await tables.ensure(names.table(name))
  return toolbox({ names, tables, queues: memoryQueues(clock), clock, ...over })
}
