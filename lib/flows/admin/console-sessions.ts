/**
 * The console's sessions, one row each: made at the sign-in, removed at the sign-out, so that a copied cookie ends with
 * it. The row keeps the role of the key, so a key whose role changed ends its sessions. A session that was found is
 * remembered for ten seconds per process, which is how long a copy may live on elsewhere; in the process that ends it,
 * it ends at once.
 */
import type { Caller } from '../../model/caller.js'
import type { Toolbox } from '../../ports/toolbox.js'

const rememberMs = 10_000
const mostRemembered = 10_000
const rowKeyOf = (id: string): string => `session~${id}`
const remembered = new WeakMap<Toolbox['tables'], Map<string, { role: string; until: number }>>()

function memoryOf(deps: Toolbox): Map<string, { role: string; until: number }> {
  const memory = remembered.get(deps.tables) ?? new Map()
  remembered.set(deps.tables, memory)
  return memory
}

/** `until`: milliseconds. */
export async function beginConsoleSession(
  deps: Toolbox,
  { tenant, role, keyId }: Caller,
  session: { id: string; until: number },
): Promise<void> {
  const row = { partitionKey: tenant, rowKey: rowKeyOf(session.id), v: 1, role, keyId, until: session.until }
  await deps.tables.insert(deps.names.table('tenants'), row)
}

export async function isConsoleSession(deps: Toolbox, { tenant, role, keyId }: Caller, id: string): Promise<boolean> {
  const memory = memoryOf(deps)
  const hit = memory.get(id)
  if (hit !== undefined && hit.until > deps.clock.now()) return hit.role === role
  const row = await deps.tables.get(deps.names.table('tenants'), tenant, rowKeyOf(id))
  const isOpen = row !== undefined && Number(row['until']) > deps.clock.now() && row['keyId'] === keyId
  if (!isOpen) return false
  if (memory.size >= mostRemembered) memory.clear()
  memory.set(id, { role: String(row['role']), until: deps.clock.now() + rememberMs })
  return row['role'] === role
}

export async function endConsoleSession(deps: Toolbox, tenant: string, id: string): Promise<void> {
  memoryOf(deps).delete(id)
  await deps.tables.remove(deps.names.table('tenants'), tenant, rowKeyOf(id))
}

/** Sessions that nobody ended go when they are over. */
export async function forgetConsoleSessions(deps: Toolbox): Promise<void> {
  const table = deps.names.table('tenants')
  const rows = deps.tables.query(table, { partitionRange: ['0', '~~'], rowRange: ['session~', 'session~~'] })
  for await (const row of rows)
    if (Number(row['until']) <= deps.clock.now()) await deps.tables.remove(table, row.partitionKey, row.rowKey)
}
