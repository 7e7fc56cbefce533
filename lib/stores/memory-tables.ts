import { RowChangedError, RowExistsError, RowMissingError } from '../errors.js'
import type { Row, RowQuery, TableOperation, Tables, Value } from '../ports/tables.js'
import { checkETag, checkRow, checkTransaction, columnsOf, isColumn, isRowKey, refused } from './row-rules.js'

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Rows by partition and row key. */
type Table = Map<string, Map<string, Row>>

/** Table storage of one process, with the same rules as the real one: for benches and pure tests of the flows. */
export function memoryTables(options: { now?: () => number } = {}): Tables {
  const now = options.now ?? Date.now
  const tables = new Map<string, Table>()
  let version = 0

  const found = (table: string): Table => {
    const rows = tables.get(table)
    if (rows === undefined) throw new RowMissingError('no such table')
    return rows
  }

  const merged = (before: Row | undefined, row: Row): Row => {
    const next: Row = { ...before, partitionKey: row.partitionKey, rowKey: row.rowKey, etag: `W/"${++version}"` }
    for (const [name, value] of columnsOf(row)) next[name] = value instanceof Date ? new Date(value) : value
    return next
  }

  /** Checks an operation and returns how to carry it out, so that a transaction is all or nothing. */
  const prepare = (table: Table, operation: TableOperation): (() => Row | undefined) => {
    const { partitionKey, rowKey } = operation.kind === 'delete' ? operation : operation.row
    const before = table.get(partitionKey)?.get(rowKey)
    if (operation.kind === 'insert' && before !== undefined) throw new RowExistsError('the row exists')
    if (operation.kind === 'update' || operation.kind === 'delete') {
      if (before === undefined) throw new RowMissingError('no such row')
      if (operation.etag !== undefined && before.etag !== operation.etag)
        throw new RowChangedError('the row changed since it was read')
    }
    return () => {
      const rows = table.get(partitionKey) ?? new Map<string, Row>()
      table.set(partitionKey, rows)
      if (operation.kind === 'delete') {
        rows.delete(rowKey)
        if (rows.size === 0) table.delete(partitionKey)
        return undefined
      }
      const next = merged(before, operation.row)
      rows.set(rowKey, next)
      return next
    }
  }

  return {
    async get(table, partitionKey, rowKey) {
      if (!isRowKey(partitionKey) || !isRowKey(rowKey)) return undefined
      const row = tables.get(table)?.get(partitionKey)?.get(rowKey)
      return row && { ...row }
    },
    async *query(table, query) {
      const match = matcher(query)
      const all: Table = tables.get(table) ?? new Map()
      const partitions = query.partition === undefined ? [...all.values()] : [all.get(query.partition) ?? new Map()]
      const rows = partitions.flatMap((partition) => [...partition.values()]).filter(match)
      rows.sort((a, b) => compare(a.partitionKey, b.partitionKey) || compare(a.rowKey, b.rowKey))
      for (const row of rows.slice(0, query.limit ?? rows.length)) yield picked(row, query.select)
    },
    async insert(table, row) {
      checkRow(row)
      return prepare(found(table), { kind: 'insert', row })()?.etag ?? ''
    },
    async update(table, row, etag) {
      checkRow(row)
      checkETag(etag)
      return prepare(found(table), { kind: 'update', row, etag })()?.etag ?? ''
    },
    async upsert(table, row) {
      checkRow(row)
      return prepare(found(table), { kind: 'upsert', row })()?.etag ?? ''
    },
    async remove(table, { partitionKey, rowKey, etag }) {
      if (!isRowKey(partitionKey) || !isRowKey(rowKey)) return
      const rows = tables.get(table)
      if (etag === undefined && !rows?.get(partitionKey)?.has(rowKey)) return
      prepare(found(table), { kind: 'delete', partitionKey, rowKey, ...(etag === undefined ? {} : { etag }) })()
    },
    async transaction(table, operations) {
      checkTransaction(operations)
      const rows = found(table)
      return operations.map((operation) => prepare(rows, operation)).map((carryOut) => carryOut()?.etag ?? '')
    },
    async ensure(table) {
      if (!tables.has(table)) tables.set(table, new Map())
    },
    async drop(table) {
      tables.delete(table)
    },
    async list(prefix) {
      return [...tables.keys()].filter((name) => name.startsWith(prefix)).sort()
    },
    async serverNow() {
      return now()
    },
  }
}

function matcher(query: RowQuery): (row: Row) => boolean {
  if (query.partition === undefined && query.partitionRange === undefined)
    throw refused('query without a partition or a range of partitions')
  if (query.where?.some(({ column }) => !isColumn(column))) throw refused('column of a query')
  return (row) => {
    if (query.partition !== undefined && row.partitionKey !== query.partition) return false
    if (query.partition === undefined && !within(row.partitionKey, query.partitionRange!)) return false
    if (query.rowRange !== undefined && !within(row.rowKey, query.rowRange)) return false
    return (query.where ?? []).every(({ column, is, value }) => holds(row[column], is, value))
  }
}

const within = (key: string, [from, to]: [string, string]): boolean => key >= from && key < to

function holds(actual: Value, is: string, wanted: string | number | boolean | Date): boolean {
  if (actual === undefined) return false
  const a = actual instanceof Date ? actual.getTime() : actual
  const b = wanted instanceof Date ? wanted.getTime() : wanted
  if (typeof a !== typeof b) return false
  if (is === 'eq') return a === b
  if (is === 'ne') return a !== b
  if (is === 'lt') return a < b
  if (is === 'le') return a <= b
  return is === 'gt' ? a > b : a >= b
}

function picked(row: Row, select: string[] | undefined): Row {
  if (select === undefined) return { ...row }
  const some: Row = { partitionKey: row.partitionKey, rowKey: row.rowKey }
  if (row.etag !== undefined) some.etag = row.etag
  for (const name of select) if (row[name] !== undefined) some[name] = row[name]
  return some
}
