import { RowChangedError, RowMissingError } from '../errors.js'
import type { Row, RowQuery } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'

/** Work one run may still do; what is left over is for the next run. */
export interface Budget {
  left: number
}

const page = 1_000
const atOnce = 20
/** Of table storage, in one partition. */
export const mostPerTransaction = 100

/**
 * Deletes what a query finds, up to a hundred rows of a partition in one request. False when the budget ended first.
 */
export async function deleteByQuery(
  deps: Pick<Toolbox, 'tables'>,
  { table, ...query }: { table: string } & Omit<RowQuery, 'limit' | 'select'>,
  budget: Budget,
): Promise<boolean> {
  while (budget.left > 0) {
    const rows: Row[] = []
    const limit = Math.min(page, budget.left)
    for await (const row of deps.tables.query(table, { ...query, select: [], limit })) rows.push(row)
    await deleteRows(deps, table, rows)
    budget.left -= rows.length
    if (rows.length < limit) return true
  }
  return false
}

export async function deleteRows(deps: Pick<Toolbox, 'tables'>, table: string, rows: Row[]): Promise<void> {
  const partitions = new Map<string, Row[]>()
  for (const row of rows) partitions.set(row.partitionKey, [...(partitions.get(row.partitionKey) ?? []), row])
  const batches = [...partitions.values()].flatMap((all) => chunksOf(all, mostPerTransaction))
  await mapInBatches(batches, (batch) => deleteBatch(deps, table, batch))
}

async function deleteBatch(deps: Pick<Toolbox, 'tables'>, table: string, rows: Row[]): Promise<void> {
  try {
    if (rows.length > 1) {
      await deps.tables.transaction(
        table,
        rows.map(({ partitionKey, rowKey }) => ({ kind: 'delete', partitionKey, rowKey })),
      )
      return
    }
  } catch (error) {
    // Somebody else deletes here too: one by one, gone is fine.
    if (!(error instanceof RowMissingError) && !(error instanceof RowChangedError)) throw error
  }
  for (const { partitionKey, rowKey } of rows) await deps.tables.remove(table, { partitionKey, rowKey })
}

/** Parts of at most `size`, in their order. */
export const chunksOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))

/** A few requests in flight at a time; results in the order of the items. */
export async function mapInBatches<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += atOnce)
    results.push(...(await Promise.all(items.slice(at, at + atOnce).map((item) => act(item)))))
  return results
}
