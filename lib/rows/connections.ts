/**
 * The row `connection`: authority over mail, once confirmed. Partition `{tenant}~{connection id}`; its `grant`
 * (grants.ts) is the row beside it. Written by people, and by the token journey when it stops working or works again.
 */
import type { Connection, ConnectionMode, ConnectionState, Identity } from '../model/connection.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { ofEveryTenant, ofTenant, startingWith } from './tenant-ranges.js'

/** A connection with the ETag that its next change must carry. */
export type StoredConnection = Connection & { etag: string }

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
  const { text, json } = columnsOf(row)
  const identity = json<Identity | undefined>('identity', undefined)
  return {
    id,
    tenant,
    mode: text('mode') as ConnectionMode,
    provider: text('provider') as Connection['provider'],
    registrationId: text('registrationId'),
    ...(identity === undefined ? {} : { identity }),
    username: text('username'),
    scopes: json<string[]>('scopes', []),
    state: text('state') as ConnectionState,
    reason: text('reason'),
    stateSince: text('stateSince'),
    createdAt: text('createdAt'),
    connectedAt: text('connectedAt'),
  }
}

/** `undefined` for an unknown id and for one of another tenant alike. */
export async function findConnection(deps: Toolbox, tenant: string, id: string): Promise<StoredConnection | undefined> {
  const table = deps.names.table('connections')
  const row = await deps.tables.get(table, connectionPartition(tenant, id), connectionRowKey)
  return row && { ...connectionFromRow(row), etag: row.etag ?? '' }
}

/** Every connection of one tenant. */
export async function listConnections(deps: Toolbox, tenant: string): Promise<Connection[]> {
  const connections: Connection[] = []
  const rows = deps.tables.query(deps.names.table('connections'), {
    partitionRange: ofTenant(tenant),
    rowRange: startingWith(connectionRowKey),
  })
  for await (const row of rows) connections.push(connectionFromRow(row))
  return connections
}

/** Those that wait for an administrator of this registration. `tenant` `~`: of every tenant. */
export async function* listAwaitingAdmin(
  deps: Toolbox,
  tenant: string,
  registrationId: string,
): AsyncGenerator<Connection> {
  const rows = deps.tables.query(deps.names.table('connections'), {
    partitionRange: tenant === '~' ? ofEveryTenant : ofTenant(tenant),
    rowRange: startingWith(connectionRowKey),
    where: [
      { column: 'registrationId', is: 'eq', value: registrationId },
      { column: 'state', is: 'eq', value: 'needs-admin' },
    ],
  })
  for await (const row of rows) yield connectionFromRow(row)
}

/** Does any connection use it? A registration of the deployment (`~`) may serve every tenant. */
export async function isRegistrationUsed(deps: Toolbox, tenant: string, registrationId: string): Promise<boolean> {
  for await (const _ of deps.tables.query(deps.names.table('connections'), {
    partitionRange: tenant === '~' ? ofEveryTenant : ofTenant(tenant),
    where: [{ column: 'registrationId', is: 'eq', value: registrationId }],
    limit: 1,
  }))
    return true
  return false
}

/** Inserts it, or replaces the one that was `known`. */
export async function saveConnection(
  deps: Toolbox,
  connection: Connection,
  known: StoredConnection | undefined,
): Promise<void> {
  const table = deps.names.table('connections')
  if (known === undefined) await deps.tables.insert(table, connectionToRow(connection))
  else await deps.tables.update(table, connectionToRow(connection), known.etag)
}

/** Throws RowChangedError when somebody changed the connection since it was read. */
export async function changeConnectionState(
  deps: Toolbox,
  { tenant, id, etag }: StoredConnection,
  columns: Pick<Connection, 'state' | 'reason' | 'stateSince'>,
): Promise<void> {
  const key = { partitionKey: connectionPartition(tenant, id), rowKey: connectionRowKey }
  await deps.tables.update(deps.names.table('connections'), { ...key, ...columns }, etag)
}

/** Throws RowChangedError when somebody changed the connection since it was read. */
export async function changeConnectionScopes(
  deps: Toolbox,
  { tenant, id, etag }: StoredConnection,
  scopes: string[],
): Promise<void> {
  const key = { partitionKey: connectionPartition(tenant, id), rowKey: connectionRowKey }
  await deps.tables.update(deps.names.table('connections'), { ...key, scopes: JSON.stringify(scopes) }, etag)
}

/** Its own row alone: the grant goes before it. */
export async function removeConnectionRow(deps: Toolbox, tenant: string, id: string): Promise<void> {
  await deps.tables.remove(deps.names.table('connections'), {
    partitionKey: connectionPartition(tenant, id),
    rowKey: connectionRowKey,
  })
}
