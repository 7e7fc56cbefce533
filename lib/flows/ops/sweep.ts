/**
 * The third timer: what nobody else wakes up for. Heartbeat, lanes left behind by a crash, webhooks waiting for their
 * next try, sign-ins that expired, log days past their retention. Each part stands alone: one failing part is logged
 * and delays no other.
 */
import { asGatewayError } from '../../errors.js'
import { logNames } from '../../model/names.js'
import type { Dependencies } from '../common/dependencies.js'
import { logDay } from '../common/log-row.js'

export interface SweepParts {
  [part: string]: () => Promise<unknown>
}

export async function sweep(deps: Dependencies, parts: SweepParts): Promise<void> {
  const started = deps.clock.now()
  for (const [part, run] of Object.entries(parts)) {
    try {
      await run()
    } catch (error) {
      deps.log.error('sweep-part-failed', { part, code: asGatewayError(error).code })
    }
  }
  await deps.tables.upsert(deps.names.table('tenants'), {
    partitionKey: '~',
    rowKey: 'heartbeat',
    v: 1,
    at: deps.clock.now(),
  })
  deps.log.info('timer-ran', { timer: 'sweep', ms: deps.clock.now() - started, subjects: 0, lateMs: 0 })
}

/** Drops whole log days; cheap, because a purge is one table. The audit log keeps 400 days. */
export async function dropOldLogs(deps: Dependencies, retentionDays: number): Promise<string[]> {
  const dropped: string[] = []
  for (const name of logNames) {
    const days = name === 'auditlog' ? 400 : retentionDays
    const oldest = deps.names.log(name, logDay(name, deps.clock.now() - days * 86_400_000))
    for (const table of await deps.tables.list(deps.names.log(name, '')))
      if (table < oldest) {
        await deps.tables.drop(table)
        dropped.push(table)
      }
  }
  return dropped
}
