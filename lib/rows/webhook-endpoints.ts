/**
 * Webhook endpoints of a tenant. Partition: the tenant; row: `endpoint~{id}`, with the lease of the worker that
 * delivers to it. Its signing key is in the vault.
 */
import { RowExistsError } from '../errors.js'
import type { PageQuery } from '../model/page.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { type Lease, takeLease } from './lease.js'
import { pageOfRows } from './page-of-rows.js'
import { startingWith } from './tenant-ranges.js'

export interface WebhookEndpoint {
  id: string
  url: string
  createdAt: string
}

const prefix = 'endpoint~'
const rowKeyOf = (id: string): string => `${prefix}${id}`

/** False when it is there already. */
export async function insertEndpoint(deps: Toolbox, tenant: string, endpoint: WebhookEndpoint): Promise<boolean> {
  const { id, url, createdAt } = endpoint
  const row = { partitionKey: tenant, rowKey: rowKeyOf(id), v: 1, url, createdAt }
  try {
    await deps.tables.insert(deps.names.table('tenants'), row)
    return true
  } catch (error) {
    if (!(error instanceof RowExistsError)) throw error
    return false
  }
}

export async function findEndpoint(deps: Toolbox, tenant: string, id: string): Promise<WebhookEndpoint | undefined> {
  const row = await deps.tables.get(deps.names.table('tenants'), tenant, rowKeyOf(id))
  return row && fromRow(row)
}

/** An endpoint with the lease to deliver to it; no lease when another worker has it, `undefined` without an endpoint. */
export async function leaseEndpoint(
  deps: Toolbox,
  { tenant, endpointId }: { tenant: string; endpointId: string },
  leaseMs: number,
): Promise<{ endpoint: WebhookEndpoint; lease: Lease | undefined } | undefined> {
  const table = deps.names.table('tenants')
  const row = await deps.tables.get(table, tenant, rowKeyOf(endpointId))
  if (row === undefined) return undefined
  return { endpoint: fromRow(row), lease: await takeLease(deps, { table, row, durationMs: leaseMs }) }
}

/** In the order of their ids. */
export async function listEndpoints(
  deps: Toolbox,
  tenant: string,
  page: PageQuery,
): Promise<{ webhooks: WebhookEndpoint[]; next: string }> {
  const list = { table: deps.names.table('tenants'), stretches: [{ partition: tenant, prefix }] }
  const { rows, next } = await pageOfRows(deps, list, page)
  return { webhooks: rows.map(fromRow), next }
}

/** Every endpoint of one tenant. */
export async function* listEndpointsOf(deps: Toolbox, tenant: string): AsyncIterable<WebhookEndpoint> {
  const query = { partition: tenant, rowRange: startingWith(prefix) }
  for await (const row of deps.tables.query(deps.names.table('tenants'), query)) yield fromRow(row)
}

export async function removeEndpointRow(deps: Toolbox, tenant: string, id: string): Promise<void> {
  await deps.tables.remove(deps.names.table('tenants'), { partitionKey: tenant, rowKey: rowKeyOf(id) })
}

function fromRow(row: Row): WebhookEndpoint {
  const { text } = columnsOf(row)
  return { id: row.rowKey.slice(prefix.length), url: text('url'), createdAt: text('createdAt') }
}
