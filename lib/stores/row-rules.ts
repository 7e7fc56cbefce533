import { GatewayError } from '../errors.js'
import type { Row, TableOperation } from '../ports/tables.js'

const maxStringLength = 32_768
const maxRowBytes = 1_048_576
const maxColumns = 252
const keyPattern = /^[A-Za-z0-9~._=:@+-]{1,512}$/
const columnPattern = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/

/**
 * The gateway builds keys from ids and hashes, so anything else is an injected value (SEC-21). Storage itself refuses
 * `/ \ # ?` and control characters but accepts quotes and `%`, which is too permissive.
 */
export const isRowKey = (key: string): boolean => keyPattern.test(key)
export const isColumn = (name: string): boolean => columnPattern.test(name)

/** Columns of a row that are written, without keys and ETag. */
export function columnsOf(row: Row): [string, string | number | boolean | Date][] {
  const columns: [string, string | number | boolean | Date][] = []
  for (const [name, value] of Object.entries(row)) {
    if (name === 'partitionKey' || name === 'rowKey' || name === 'etag' || value === undefined) continue
    columns.push([name, value])
  }
  return columns
}

/** Storage contract rules 3 and 8, because the emulator does not check all of them. */
export function checkRow(row: Row): void {
  checkKey(row.partitionKey, row.rowKey)
  const columns = columnsOf(row)
  if (columns.length > maxColumns) throw tooLarge(row, `it has ${columns.length} columns, at most ${maxColumns}`)
  let bytes = 4 + (row.partitionKey.length + row.rowKey.length) * 2
  for (const [name, value] of columns) {
    if (!isColumn(name)) throw refused(`column name ${JSON.stringify(name.slice(0, 40))}`)
    if (typeof value === 'number' && !Number.isFinite(value)) throw refused(`column ${name}: not a finite number`)
    if (typeof value === 'string' && value.length > maxStringLength)
      throw tooLarge(row, `column ${name} has ${value.length} characters, at most ${maxStringLength}`)
    bytes += 8 + name.length * 2 + (typeof value === 'string' ? 4 + value.length * 2 : 8)
  }
  if (bytes > maxRowBytes) throw tooLarge(row, `it has ${bytes} bytes, at most ${maxRowBytes}`)
}

function checkKey(partitionKey: string, rowKey: string): void {
  if (!isRowKey(partitionKey) || !isRowKey(rowKey)) throw refused('key')
}

/** Rules of a batch, the same for every store. */
export function checkTransaction(operations: TableOperation[]): void {
  const partitions = new Set<string>()
  const keys = new Set<string>()
  for (const operation of operations) {
    const { partitionKey, rowKey } = operation.kind === 'delete' ? operation : operation.row
    if (operation.kind === 'delete') checkKey(partitionKey, rowKey)
    else checkRow(operation.row)
    if (operation.kind === 'update') checkETag(operation.etag)
    // The client library always deletes unconditionally inside a batch; silently dropping the condition would be worse.
    if (operation.kind === 'delete' && operation.etag !== undefined)
      throw refused('conditional delete in a transaction')
    partitions.add(partitionKey)
    keys.add(rowKey)
  }
  if (operations.length === 0 || operations.length > 100 || partitions.size !== 1 || keys.size !== operations.length)
    throw refused('transaction: 1 to 100 operations on different rows of one partition')
}

/** An update without a real ETag overwrites blindly (REL-01). */
export function checkETag(etag: string): void {
  if (etag === '' || etag === '*') throw refused('update without an ETag')
}

function tooLarge(row: Row, why: string): GatewayError {
  return new GatewayError('row_too_large', 'permanent', {
    status: 413,
    description: `The row does not fit into table storage: ${why}.`,
    remedy: 'Shorten the value, or split what is stored.',
    trace: { partitionKey: row.partitionKey.slice(0, 80), rowKey: row.rowKey.slice(0, 80) },
  })
}

/** A fault of ours, stopped before it reaches storage. */
export function refused(what: string): GatewayError {
  return new GatewayError('row_refused', 'permanent', {
    hint: 'bug',
    status: 500,
    description: `The gateway did not ask table storage: ${what}.`,
    remedy: 'Report the request id to the operator.',
  })
}
