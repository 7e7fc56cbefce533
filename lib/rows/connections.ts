import type { Connection, ConnectionMode, ConnectionState, Identity } from '../model/connection.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'

/** Partition of a connection and its `grant`. */
export const connectionPartition = (tenant: string, connectionId: string): string => `${tenant}~${connectionId}`
export const connectionRowKey = 'connection'

/** The row as written; an absent identity is an empty text, because a merge cannot remove a column. */
export function connectionToRow(connection: Connection): Row {
  return {
    partitionKey: connectionPartition(connection.tenant, connection.id),
    rowKey: connectionRowKey,
    v: 1,
    id: connection.id,
    tenant: connection.tenant,
    mode: connection.mode,
    provider: connection.provider,
    registrationId: connection.registrationId,
    identity: connection.identity === undefined ? '' : JSON.stringify(connection.identity),
    username: connection.username,
    scopes: JSON.stringify(connection.scopes),
    state: connection.state,
    reason: connection.reason,
    stateSince: connection.stateSince,
    createdAt: connection.createdAt,
    connectedAt: connection.connectedAt,
  }
}

export function connectionFromRow(row: Row): Connection {
  const [tenant = '', id = ''] = row.partitionKey.split('~')
  const text = (column: string): string => String(row[column] ?? '')
  const identity = text('identity')
  return {
    id,
    tenant,
    mode: text('mode') as ConnectionMode,
    provider: text('provider') as Connection['provider'],
    registrationId: text('registrationId'),
    ...(identity === '' ? {} : { identity: JSON.parse(identity) as Identity }),
    username: text('username'),
    scopes: JSON.parse(text('scopes') || '[]') as string[],
    state: text('state') as ConnectionState,
    reason: text('reason'),
    stateSince: text('stateSince'),
    createdAt: text('createdAt'),
    connectedAt: text('connectedAt'),
  }
}

/**
 * A connection with the ETag that a change must carry; `undefined` for an unknown id and for one of another tenant
 * alike.
 */
export async function readConnection(
  deps: Toolbox,
  tenant: string,
  id: string,
): Promise<(Connection & { etag: string }) | undefined> {
  const table = deps.names.table('connections')
  const row = await deps.tables.get(table, connectionPartition(tenant, id), connectionRowKey)
  return row && { ...connectionFromRow(row), etag: row.etag ?? '' }
}

/** Every connection of one tenant. */
export async function listConnections(deps: Toolbox, tenant: string): Promise<Connection[]> {
  const connections: Connection[] = []
  const rows = deps.tables.query(deps.names.table('connections'), {
    partitionRange: [`${tenant}~`, `${tenant}~~`],
    rowRange: [connectionRowKey, `${connectionRowKey}~`],
  })
  for await (const row of rows) connections.push(connectionFromRow(row))
  return connections
}
