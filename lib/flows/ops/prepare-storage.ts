/**
 * Creates what the code writes to, where the deployment did not: tables, containers, queues. Creating twice is fine.
 */
import { containerNames, queueNames } from '../../model/names.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { ensureTables } from '../../rows/all-tables.js'

export async function prepareStorage(deps: Toolbox): Promise<void> {
  await Promise.all([
    ensureTables(deps),
    ...containerNames.map((name) => deps.blobs.ensure(deps.names.container(name))),
    ...queueNames.flatMap((name) => [
      deps.queues.ensure(deps.names.queue(name)),
      deps.queues.ensure(`${deps.names.queue(name)}-poison`),
    ]),
  ])
}
