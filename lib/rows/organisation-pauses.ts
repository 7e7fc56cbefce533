/**
 * A provider takes no more mail of an organisation for now, whichever of its mailboxes sends. Table `tenants`, `T` /
 * `pause~{hash of the organisation}`: until, and how often in a row. Who writes it is the one that tells the others.
 */
import { RowChangedError, RowExistsError } from '../errors.js'
import { hashId } from '../model/ids.js'
import type { Toolbox } from '../ports/toolbox.js'
import { changeRow } from './change-row.js'
import { columnsOf } from './columns.js'

export interface OrganisationPause {
  /** Milliseconds. */
  until: number
  /** This call began it; else it was under way already. */
  begun: boolean
}

const firstMs = 3_600_000
const longestMs = 12 * 3_600_000
/** So long without a refusal, and the next one is the first again. */
const forgottenMs = 6 * 3_600_000

/** Twice as long each time in a row. */
export async function beginPause(deps: Toolbox, tenant: string, organisation: string): Promise<OrganisationPause> {
  const table = deps.names.table('tenants')
  const key = { partitionKey: tenant, rowKey: `pause~${hashId('organisation', organisation)}` }
  return changeRow(async () => {
    const row = await deps.tables.get(table, key.partitionKey, key.rowKey)
    const now = deps.clock.now()
    const { number } = columnsOf(row)
    if (number('until') > now) return { until: number('until'), begun: false }
    const count = now - number('until') < forgottenMs ? number('count') + 1 : 1
    const until = now + Math.min(firstMs * 2 ** (count - 1), longestMs)
    const paused = { ...key, v: 1, until, count }
    if (row === undefined) await deps.tables.insert(table, paused).catch(asChanged)
    else await deps.tables.update(table, paused, row.etag ?? '')
    return { until, begun: true }
  })
}

/** Somebody else began it at the same moment. */
function asChanged(error: unknown): never {
  throw error instanceof RowExistsError ? new RowChangedError('begun meanwhile') : error
}
