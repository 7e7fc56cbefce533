/**
 * Table storage as the flows need it. Errors: `RowExistsError` (409), `RowChangedError` (412), `RowMissingError` (404);
 * anything else is a GatewayError of class transient (`storage_unavailable` or `storage_forbidden`) with
 * `retryAfterMs`.
 */
export type Value = string | number | boolean | Date | undefined

/** A row: keys, its ETag when it was read or written, and columns. `undefined` columns are not written. */
export interface Row {
  partitionKey: string
  rowKey: string
  etag?: string
  [column: string]: Value
}

export interface RowQuery {
  /** Exactly one partition … */
  partition?: string
  /** … or a half-open range of partitions `[from, to)`. One of the two is required: no table scans by accident. */
  partitionRange?: [from: string, to: string]
  /** Half-open range of row keys `[from, to)`. */
  rowRange?: [from: string, to: string]
  /** Column conditions, all must hold. */
  where?: { column: string; is: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'; value: string | number | boolean | Date }[]
  select?: string[]
  /** Stop after so many rows. */
  limit?: number
}

/** Which row; with an ETag only as it was read. */
export interface RowAddress {
  partitionKey: string
  rowKey: string
  etag?: string | undefined
}

export type TableOperation =
  | { kind: 'insert'; row: Row }
  | { kind: 'update'; row: Row; etag: string }
  | { kind: 'upsert'; row: Row }
  | ({ kind: 'delete' } & RowAddress)

export interface Tables {
  get(table: string, partitionKey: string, rowKey: string): Promise<Row | undefined>
  query(table: string, query: RowQuery): AsyncIterable<Row>
  /** Returns the new ETag. */
  insert(table: string, row: Row): Promise<string>
  /**
   * Merge, only when the row still has this ETag. Returns the new ETag. A column set to `null`-like '' is kept as ''.
   */
  update(table: string, row: Row, etag: string): Promise<string>
  /** Insert or merge without a condition: hints only, never truth. */
  upsert(table: string, row: Row): Promise<string>
  /** Deleting what is gone is fine when no ETag is given. */
  remove(table: string, row: RowAddress): Promise<void>
  /** All or nothing, one partition, at most 100 operations. Returns the new ETags in order, '' for deleted rows. */
  transaction(table: string, operations: TableOperation[]): Promise<string[]>
  /** Creates the table when absent (dated log tables, first start). */
  ensure(table: string): Promise<void>
  drop(table: string): Promise<void>
  /** Names of existing tables with this prefix. */
  list(prefix: string): Promise<string[]>
  /** The storage server's clock (from its Date header), so that leases do not depend on this machine's. */
  serverNow(): Promise<number>
}
