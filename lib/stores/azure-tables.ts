import { odata, TableClient, type TableEntity, TableServiceClient, type TransactionAction } from '@azure/data-tables'
import { RowChangedError, RowExistsError, RowMissingError } from '../errors.js'
import type { Row, RowQuery, TableOperation, Tables, Value } from '../ports/tables.js'
import { checkETag, checkRow, checkTransaction, columnsOf, isColumn, isRowKey, refused } from './row-rules.js'
import type { StorageClock } from './storage-clock.js'
import {
  endpointOf,
  faultOf,
  fewRetries,
  isLoopbackHttp,
  type StorageOptions,
  storageUnavailable,
  tryMsOf,
} from './storage-fault.js'

const clockLifeMs = 30_000

/**
 * Table Storage. Numbers are always stored as Edm.Double, so that a column has one type whatever its size (milliseconds
 * exceed Int32, and a filter compares only values of one type); a double holds every integer up to 2^53. `clock` is
 * told the date of every answer.
 */
export function azureTables(options: StorageOptions, clock?: StorageClock): Tables {
  const serverClock = { at: 0, readAt: Number.NEGATIVE_INFINITY }
  const dateHeader = {
    name: 'storage-clock-and-patience',
    async sendRequest<
      Request extends { abortSignal?: unknown },
      Response extends { headers: { get(name: string): string | undefined } },
    >(request: Request, next: (request: Request) => Promise<Response>): Promise<Response> {
      request.abortSignal = AbortSignal.timeout(tryMsOf(options))
      const answered = clock?.ask()
      const response = await next(request)
      const date = Date.parse(response.headers.get('date') ?? '')
      if (Number.isFinite(date)) Object.assign(serverClock, { at: date, readAt: performance.now() })
      answered?.(date)
      return response
    },
  }
  const clientOptions = {
    allowInsecureConnection: isLoopbackHttp(endpointOf(options, 'Table')),
    retryOptions: fewRetries,
    additionalPolicies: [{ policy: dateHeader as never, position: 'perRetry' as const }],
  }
  const service =
    options.connectionString === undefined
      ? new TableServiceClient(options.endpoint!, options.credential as never, clientOptions)
      : TableServiceClient.fromConnectionString(options.connectionString, clientOptions)

  const clients = new Map<string, TableClient>()
  const client = (table: string): TableClient => {
    let known = clients.get(table)
    if (known === undefined) {
      known =
        options.connectionString === undefined
          ? new TableClient(options.endpoint!, table, options.credential as never, clientOptions)
          : TableClient.fromConnectionString(options.connectionString, table, clientOptions)
      clients.set(table, known)
    }
    return known
  }

  return {
    async get(table, partitionKey, rowKey) {
      // Nothing can be stored under such a key: the same answer as for an unknown one.
      if (!isRowKey(partitionKey) || !isRowKey(rowKey)) return undefined
      return absentOn404(async () => toRow(await client(table).getEntity(partitionKey, rowKey)))
    },

    async *query(table, query) {
      let left = query.limit ?? Number.POSITIVE_INFINITY
      if (left <= 0) return
      const pages = client(table)
        .listEntities({ queryOptions: { filter: filterOf(query), ...selectOf(query) } })
        .byPage({ maxPageSize: Math.min(left, 1_000) })
      try {
        for await (const page of pages)
          for (const entity of page) {
            yield toRow(entity)
            if (--left <= 0) return
          }
      } catch (error) {
        if (faultOf(error).status === 404) return
        throw storageUnavailable(error)
      }
    },

    async insert(table, row) {
      checkRow(row)
      return written(() => client(table).createEntity(toEntity(row)))
    },

    async update(table, row, etag) {
      checkRow(row)
      checkETag(etag)
      return written(() => client(table).updateEntity(toEntity(row), 'Merge', { etag }))
    },

    async upsert(table, row) {
      checkRow(row)
      return written(() => client(table).upsertEntity(toEntity(row), 'Merge'))
    },

    async remove(table, { partitionKey, rowKey, etag }) {
      if (!isRowKey(partitionKey) || !isRowKey(rowKey)) return
      try {
        await client(table).deleteEntity(partitionKey, rowKey, etag === undefined ? {} : { etag })
      } catch (error) {
        if (etag === undefined && faultOf(error).status === 404) return
        throw translate(error)
      }
    },

    async transaction(table, operations) {
      checkTransaction(operations)
      try {
        const { subResponses } = await client(table).submitTransaction(operations.map(toAction))
        return operations.map((_, at) => subResponses[at]?.etag ?? '')
      } catch (error) {
        throw translate(error)
      }
    },

    async ensure(table) {
      try {
        await service.createTable(table)
      } catch (error) {
        throw storageUnavailable(error)
      }
    },

    async drop(table) {
      await absentOn404(async () => service.deleteTable(table))
    },

    async list(prefix) {
      const filter = odata`TableName ge ${prefix} and TableName lt ${`${prefix}~`}`
      const names: string[] = []
      try {
        for await (const { name } of service.listTables({ queryOptions: { filter } })) if (name) names.push(name)
      } catch (error) {
        throw storageUnavailable(error)
      }
      return names.filter((name) => name.startsWith(prefix))
    },

    async serverNow() {
      if (performance.now() - serverClock.readAt > clockLifeMs) {
        try {
          await service.listTables({ queryOptions: { filter: odata`TableName eq ${'clock'}` } }).next()
        } catch (error) {
          throw storageUnavailable(error)
        }
      }
      return serverClock.at + (performance.now() - serverClock.readAt)
    },
  }
}

async function written(write: () => Promise<{ etag?: string }>): Promise<string> {
  try {
    return (await write()).etag ?? ''
  } catch (error) {
    throw translate(error)
  }
}

async function absentOn404<Found>(read: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await read()
  } catch (error) {
    if (faultOf(error).status === 404) return undefined
    throw storageUnavailable(error)
  }
}

function translate(error: unknown): Error {
  const { status, code } = faultOf(error)
  if (status === 412) return new RowChangedError('the row changed since it was read')
  if (status === 409 && (code === 'EntityAlreadyExists' || code === '')) return new RowExistsError('the row exists')
  if (status === 404) return new RowMissingError(code === 'TableNotFound' ? 'no such table' : 'no such row')
  return storageUnavailable(error)
}

function toEntity(row: Row): TableEntity {
  const entity: Record<string, unknown> = { partitionKey: row.partitionKey, rowKey: row.rowKey }
  for (const [name, value] of columnsOf(row))
    entity[name] = typeof value === 'number' ? { type: 'Double', value: value as unknown as string } : value
  return entity as TableEntity
}

function toRow(entity: object): Row {
  const row: Record<string, Value> = {}
  for (const [name, value] of Object.entries(entity)) {
    if (name.startsWith('odata.') || name === 'timestamp' || value === null) continue
    row[name] = typeof value === 'bigint' ? Number(value) : (value as Value)
  }
  return row as Row
}

function toAction(operation: TableOperation): TransactionAction {
  if (operation.kind === 'insert') return ['create', toEntity(operation.row)]
  if (operation.kind === 'upsert') return ['upsert', toEntity(operation.row), 'Merge']
  if (operation.kind === 'update') return ['update', toEntity(operation.row), 'Merge', { etag: operation.etag }]
  return ['delete', { partitionKey: operation.partitionKey, rowKey: operation.rowKey }]
}

function selectOf(query: RowQuery): { select?: string[] } {
  if (query.select === undefined) return {}
  return { select: ['PartitionKey', 'RowKey', ...query.select.filter(isColumn)] }
}

/** Every value goes through the library's escaping tag (SEC-22); names and operators come from closed lists. */
function filterOf(query: RowQuery): string {
  const conditions: string[] = []
  if (query.partition !== undefined) conditions.push(odata`PartitionKey eq ${query.partition}`)
  else if (query.partitionRange !== undefined)
    conditions.push(odata`PartitionKey ge ${query.partitionRange[0]} and PartitionKey lt ${query.partitionRange[1]}`)
  else throw refused('query without a partition or a range of partitions')
  if (query.rowRange !== undefined)
    conditions.push(odata`RowKey ge ${query.rowRange[0]} and RowKey lt ${query.rowRange[1]}`)
  for (const { column, is, value } of query.where ?? []) {
    if (!isColumn(column) || !['eq', 'ne', 'lt', 'le', 'gt', 'ge'].includes(is))
      throw refused('column or operator of a query')
    conditions.push(`${column} ${is}${literal(value)}`)
  }
  return conditions.join(' and ')
}

/** With a leading space: the tag quotes strings only after some text. */
function literal(value: string | number | boolean | Date): string {
  if (typeof value !== 'number') return odata` ${value}`
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) throw refused('number out of range')
  // A literal without a fraction is Int32 or Int64 for the service and never equals a double.
  return Number.isInteger(value) ? ` ${value}.0` : ` ${value}`
}
