import type { Row, Tables } from '../../lib/ports/tables.js'
import { azureTables } from '../../lib/stores/azure-tables.js'

/** The tables as they are, past the gateway. */
export const storedTables = (connectionString: string): Tables => azureTables({ connectionString })

/** Every row of a table, or of one partition. */
export async function tableRows(connectionString: string, table: string, partition?: string): Promise<Row[]> {
  const rows: Row[] = []
  const where = partition === undefined ? { partitionRange: ['', '\u{ffff}'] as [string, string] } : { partition }
  for await (const row of storedTables(connectionString).query(table, where)) rows.push(row)
  return rows
}
