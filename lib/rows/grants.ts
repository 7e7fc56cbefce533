/**
 * The row `grant` beside a connection: where its secret lies in the vault, the key that opens it, and sealed access
 * tokens that spare every process its own refresh. Only the holder of its lease writes. What is sealed in it and what
 * the vault keeps is opened by grant-secrets.ts.
 */
import { randomBytes } from 'node:crypto'
import { RowExistsError } from '../errors.js'
import type { Resource } from '../model/connection.js'
import type { PageQuery } from '../model/page.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { connectionFromRow, connectionPartition, connectionRowKey, type StoredConnection } from './connections.js'
import { type Lease, takeLease } from './lease.js'
import { behind, besidePage, pageOfPartitions } from './page-of-rows.js'

export const grantRowKey = 'grant'
/** Columns as stored; times in milliseconds, 0 for never. */
export interface GrantColumns {
  kind: 'oauth' | 'app-only' | 'password'
  /** Of the secret's name in the vault, and how many versions that name has. */
  generation: number
  versionsInGeneration: number
  /** Which refresh token of this connection the row points at, counted from its first. */
  rotation: number
  secretName: string
  secretVersion: string
  /** The version before, for one confirming try; empty when there is none that may be tried. */
  previousName: string
  previousVersion: string
  /** When the vault was written. */
  storedAt: number
  /** A refresh token that the vault has not, sealed, and its rotation. */
  unstored: string
  unstoredRotation: number
  /** Access tokens, sealed, and when they end by the storage's clock. */
  access_graph: string
  accessUntil_graph: number
  access_outlook: string
  accessUntil_outlook: number
  refreshedAt: number
  /** When a worker last began to renew it. */
  attemptAt: number
  /** Renewals that failed in a row, and the code of the latest. */
  failures: number
  failureCode: string
  /** Nobody asks the provider before. */
  notBefore: number
  /** When the provider first refused it, with no success since. */
  refusedAt: number
}

export type GrantChange = Partial<GrantColumns>

export interface StoredGrant extends GrantColumns {
  tenant: string
  connectionId: string
  /** For its lease, and for the key in it. */
  row: Row
}

/** A connection and its grant, as read together. */
export interface StoredAuthority {
  connection: StoredConnection
  grant: StoredGrant
}

function grantFromRow(row: Row): StoredGrant {
  const [tenant = '', connectionId = ''] = row.partitionKey.split('~')
  const { text, number } = columnsOf(row)
  return {
    tenant,
    connectionId,
    row,
    kind: text('kind') as GrantColumns['kind'],
    generation: number('generation'),
    versionsInGeneration: number('versionsInGeneration'),
    rotation: number('rotation'),
    secretName: text('secretName'),
    secretVersion: text('secretVersion'),
    previousName: text('previousName'),
    previousVersion: text('previousVersion'),
    storedAt: number('storedAt'),
    unstored: text('unstored'),
    unstoredRotation: number('unstoredRotation'),
    access_graph: text('access_graph'),
    accessUntil_graph: number('accessUntil_graph'),
    access_outlook: text('access_outlook'),
    accessUntil_outlook: number('accessUntil_outlook'),
    refreshedAt: number('refreshedAt'),
    attemptAt: number('attemptAt'),
    failures: number('failures'),
    failureCode: text('failureCode'),
    notBefore: number('notBefore'),
    refusedAt: number('refusedAt'),
  }
}

/** Resources this connection has had tokens for. */
export const resourcesOf = (grant: StoredGrant): Resource[] =>
  (['graph', 'outlook'] as const).filter((resource) => grant[`access_${resource}`] !== '')

/** Connection and grant in one request; one without a sign-in has no grant. */
export async function findAuthority(
  deps: Toolbox,
  tenant: string,
  connectionId: string,
): Promise<{ connection: StoredConnection; grant: StoredGrant | undefined } | undefined> {
  const rows = new Map<string, Row>()
  const partition = connectionPartition(tenant, connectionId)
  for await (const row of deps.tables.query(deps.names.table('connections'), { partition })) rows.set(row.rowKey, row)
  const connectionRow = rows.get(connectionRowKey)
  if (connectionRow === undefined) return undefined
  const connection = { ...connectionFromRow(connectionRow), etag: connectionRow.etag ?? '' }
  const grantRow = rows.get(grantRowKey)
  return { connection, grant: grantRow && grantFromRow(grantRow) }
}

/** The same where a grant must be. */
export async function findGrant(
  deps: Toolbox,
  tenant: string,
  connectionId: string,
): Promise<StoredAuthority | undefined> {
  const found = await findAuthority(deps, tenant, connectionId)
  return found?.grant === undefined ? undefined : { connection: found.connection, grant: found.grant }
}

/** What a list of connections shows of their grants: sealed tokens are most of the row. */
const shownColumns = ['refreshedAt', 'failures', 'failureCode'] as const
export type ShownGrant = Pick<GrantColumns, (typeof shownColumns)[number]>

/** In the order of the ids; two range reads. */
export async function pageOfAuthorities(
  deps: Toolbox,
  tenant: string,
  page: PageQuery,
): Promise<{ found: { connection: StoredConnection; grant: ShownGrant | undefined }[]; next: string }> {
  const table = deps.names.table('connections')
  const { rows, next } = await pageOfPartitions(deps, { table, tenant, rowKey: connectionRowKey }, page)
  const select = [...shownColumns]
  const grants = await besidePage(deps, { table, rows, rowRange: [grantRowKey, behind(grantRowKey)], select })
  const found = rows.map((row) => {
    const [grant] = grants.get(row.partitionKey) ?? []
    return { connection: { ...connectionFromRow(row), etag: row.etag ?? '' }, grant: grant && grantFromRow(grant) }
  })
  return { found, next }
}

/** Of its secret in the vault; 1 where there is no grant. */
export async function newestGeneration(deps: Toolbox, tenant: string, connectionId: string): Promise<number> {
  const partition = connectionPartition(tenant, connectionId)
  const row = await deps.tables.get(deps.names.table('connections'), partition, grantRowKey)
  return Math.max(1, columnsOf(row).number('generation'))
}

/** Shreds every version of its secret in the vault, because their key goes with it. */
export async function removeGrant(deps: Toolbox, tenant: string, connectionId: string): Promise<void> {
  await deps.tables.remove(deps.names.table('connections'), {
    partitionKey: connectionPartition(tenant, connectionId),
    rowKey: grantRowKey,
  })
}

/** A grant that its holder alone writes. */
export interface LeasedGrant extends Pick<Lease, 'remainingMs' | 'renew'> {
  /** As last written. */
  current(): StoredGrant
  /** Throws RowChangedError when the lease was lost. */
  write(change: GrantChange): Promise<void>
  /** Gives the lease back in the same write. Throws RowChangedError when it was lost. */
  finish(change: GrantChange): Promise<void>
  /** Gives the lease back, with last changes; losing it meanwhile is no error. */
  release(change?: GrantChange): Promise<void>
}

/** With `change` in the same write; `undefined` when somebody else has it. */
export async function takeGrant(
  deps: Toolbox,
  { row }: StoredGrant,
  { leaseMs, change = {} }: { leaseMs: number; change?: GrantChange },
): Promise<LeasedGrant | undefined> {
  const table = deps.names.table('connections')
  const lease = await takeLease(deps, { table, row, durationMs: leaseMs, columns: { ...change } })
  if (lease === undefined) return undefined
  return {
    current: () => grantFromRow(lease.row),
    remainingMs: lease.remainingMs,
    renew: lease.renew,
    write: (change) => lease.write({ ...change }),
    finish: (change) => lease.write({ ...change, leaseOwner: '', leaseUntil: 0 }),
    release: (change) => lease.release({ ...change }),
  }
}

/** As it stands, or made with a key of its own; `undefined` when somebody else made it at this moment. */
export async function findOrInsertGrant(
  deps: Toolbox,
  tenant: string,
  connectionId: string,
): Promise<StoredGrant | undefined> {
  const table = deps.names.table('connections')
  const key = { partitionKey: connectionPartition(tenant, connectionId), rowKey: grantRowKey }
  const known = await deps.tables.get(table, key.partitionKey, key.rowKey)
  if (known !== undefined) return grantFromRow(known)
  const fresh: Row = {
    ...key,
    v: 1,
    secretKey: randomBytes(32).toString('base64'),
    generation: 1,
    versionsInGeneration: 0,
    rotation: 0,
    leaseOwner: '',
    leaseUntil: 0,
    fence: 0,
  }
  try {
    return grantFromRow({ ...fresh, etag: await deps.tables.insert(table, fresh) })
  } catch (error) {
    if (!(error instanceof RowExistsError)) throw error
    return undefined
  }
}
