/** Open sessions of the console. Partition: the tenant of the key, `~` for an operator's; row: `session~{id}`. */
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { ofEverybody, startingWith } from './tenant-ranges.js'

export interface ConsoleSession {
  /** Role that the key had at the sign-in. */
  role: string
  keyId: string
  /** Milliseconds. */
  until: number
}

const prefix = 'session~'
const rowKeyOf = (id: string): string => `${prefix}${id}`

export async function insertConsoleSession(
  deps: Toolbox,
  { tenant, id }: { tenant: string; id: string },
  { role, keyId, until }: ConsoleSession,
): Promise<void> {
  const row = { partitionKey: tenant, rowKey: rowKeyOf(id), v: 1, role, keyId, until }
  await deps.tables.insert(deps.names.table('tenants'), row)
}

export async function findConsoleSession(
  deps: Toolbox,
  tenant: string,
  id: string,
): Promise<ConsoleSession | undefined> {
  const row = await deps.tables.get(deps.names.table('tenants'), tenant, rowKeyOf(id))
  if (row === undefined) return undefined
  const { text, number } = columnsOf(row)
  return { role: text('role'), keyId: text('keyId'), until: number('until') }
}

export async function removeConsoleSession(deps: Toolbox, tenant: string, id: string): Promise<void> {
  await deps.tables.remove(deps.names.table('tenants'), { partitionKey: tenant, rowKey: rowKeyOf(id) })
}

/** Of every tenant, those that are over. */
export async function removeEndedConsoleSessions(deps: Toolbox): Promise<void> {
  const table = deps.names.table('tenants')
  const rows = deps.tables.query(table, { partitionRange: ofEverybody, rowRange: startingWith(prefix) })
  for await (const row of rows)
    if (columnsOf(row).number('until') <= deps.clock.now())
      await deps.tables.remove(table, { partitionKey: row.partitionKey, rowKey: row.rowKey })
}
