/**
 * The row `grant` of a connection: where its secret lies in the vault, the key that opens it, and sealed access tokens
 * that spare every process its own refresh. Columns of lib/flows/common/lease.ts stand beside these; only the lease
 * holder writes.
 */
import { GatewayError } from '../errors.js'
import type { AccessToken, TokenDependencies } from '../flows/tokens/token-dependencies.js'
import type { Connection, Resource } from '../model/connection.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { type Sealer, sealer } from '../protocol/seal.js'
import { Secret } from '../secret.js'
import { connectionFromRow, connectionPartition, connectionRowKey } from './connections.js'

export const grantRowKey = 'grant'
/** A token that ends within this time counts as ended: clocks differ, and calls take time (REL-18). */
export const expiryMarginMs = 5 * 60_000
/** Versions cannot be deleted one by one, and too many break the vault's backup. */
export const versionsPerName = 200

/** What the vault keeps, sealed with the row's own key. `rotation` orders versions that no pointer tells apart. */
export interface VaultValue {
  value: string
  rotation: number
}

const text = (row: Row, column: string): string => String(row[column] ?? '')
const number = (row: Row, column: string): number => Number(row[column] ?? 0)

export const grant = {
  generation: (row: Row): number => number(row, 'generation'),
  rotation: (row: Row): number => number(row, 'rotation'),
  failures: (row: Row): number => number(row, 'failures'),
  notBefore: (row: Row): number => number(row, 'notBefore'),
  /** When the provider first refused it, with no success since; 0 when it did not. */
  refusedAt: (row: Row): number => number(row, 'refusedAt'),
  storedAt: (row: Row): number => number(row, 'storedAt'),
  secretName: (row: Row): string => text(row, 'secretName'),
  secretVersion: (row: Row): string => text(row, 'secretVersion'),
  previousName: (row: Row): string => text(row, 'previousName'),
  previousVersion: (row: Row): string => text(row, 'previousVersion'),
  versions: (row: Row): number => number(row, 'versionsInGeneration'),
  unstored: (row: Row): string => text(row, 'unstored'),
}

export const sealPlace = (tenant: string, connectionId: string, column: string): string =>
  `connections~${connectionPartition(tenant, connectionId)}~${grantRowKey}~${column}`

/** Connection and grant in one request; one without a sign-in has no grant. */
export async function readAuthority(
  deps: Toolbox,
  tenant: string,
  connectionId: string,
): Promise<{ connection: Connection & { etag: string }; row: Row | undefined } | undefined> {
  const rows = new Map<string, Row>()
  const partition = connectionPartition(tenant, connectionId)
  for await (const row of deps.tables.query(deps.names.table('connections'), { partition })) rows.set(row.rowKey, row)
  const connectionRow = rows.get(connectionRowKey)
  if (connectionRow === undefined) return undefined
  const connection = { ...connectionFromRow(connectionRow), etag: connectionRow.etag ?? '' }
  return { connection, row: rows.get(grantRowKey) }
}

/** The same where a grant must be. */
export async function readGrant(
  deps: Toolbox,
  tenant: string,
  connectionId: string,
): Promise<{ connection: Connection & { etag: string }; row: Row } | undefined> {
  const read = await readAuthority(deps, tenant, connectionId)
  return read?.row === undefined ? undefined : { connection: read.connection, row: read.row }
}

/** Of its secret in the vault; 1 where there is no grant. */
export async function newestGeneration(deps: Toolbox, tenant: string, connectionId: string): Promise<number> {
  const partition = connectionPartition(tenant, connectionId)
  const row = await deps.tables.get(deps.names.table('connections'), partition, grantRowKey)
  return row === undefined ? 1 : Math.max(1, grant.generation(row))
}

/** The stored access token of a resource, or nothing when it ended, is `refused` or can no longer be opened. */
export async function storedToken(
  deps: TokenDependencies,
  row: Row,
  resource: Resource,
  want: { minLifeMs: number; refused?: string },
): Promise<AccessToken | undefined> {
  const lifeMs = number(row, `accessUntil_${resource}`) - (await deps.tables.serverNow())
  if (lifeMs < want.minLifeMs) return undefined
  const opened = await open(deps, row, `access_${resource}`)
  if (opened === undefined || opened === '' || opened === want.refused) return undefined
  return { token: new Secret(opened), expiresAt: deps.clock.now() + lifeMs }
}

/** The end of its life stands there by the storage server's clock, which all processes share (REL-18). */
export async function accessColumns(
  deps: TokenDependencies,
  row: Row,
  resource: Resource,
  token: AccessToken,
): Promise<Record<string, string | number>> {
  return {
    [`access_${resource}`]: await seal(deps, row, `access_${resource}`, token.token.reveal()),
    [`accessUntil_${resource}`]: (await deps.tables.serverNow()) + token.expiresAt - deps.clock.now(),
  }
}

/** Resources this connection has had tokens for; the first of its kind when none. */
export function resourcesOf(row: Row): Resource[] {
  return (['graph', 'outlook'] as const).filter((resource) => text(row, `access_${resource}`) !== '')
}

export async function seal(deps: TokenDependencies, row: Row, column: string, plain: string): Promise<string> {
  const [tenant = '', id = ''] = row.partitionKey.split('~')
  return (await deps.sealer()).seal(plain, sealPlace(tenant, id, column))
}

/** A sealed column; `undefined` when it is empty or its key is gone: both only mean that it has to be gained again. */
export async function open(deps: TokenDependencies, row: Row, column: string): Promise<string | undefined> {
  const sealed = text(row, column)
  if (sealed === '') return undefined
  const [tenant = '', id = ''] = row.partitionKey.split('~')
  try {
    return (await deps.sealer()).open(sealed, sealPlace(tenant, id, column)).toString()
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'sealed_value_invalid') return undefined
    throw error
  }
}

/** The row's own key: with the row gone, every version in the vault is noise. */
function ownSealer(row: Row): Sealer {
  return sealer([{ id: 'row', key: Buffer.from(text(row, 'secretKey'), 'base64') }])
}

function toVault(row: Row, value: VaultValue): Secret {
  return new Secret(ownSealer(row).seal(JSON.stringify(value), row.partitionKey))
}

export function fromVault(row: Row, stored: Secret): VaultValue | undefined {
  try {
    return JSON.parse(ownSealer(row).open(stored.reveal(), row.partitionKey).toString()) as VaultValue
  } catch {
    return undefined
  }
}

/** Writes the secret as the next version and returns the columns that point at it. */
export async function putSecret(
  deps: Toolbox,
  row: Row,
  connectionId: string,
  value: VaultValue,
): Promise<Record<string, string | number>> {
  const isFull = grant.versions(row) >= versionsPerName
  const generation = Math.max(1, grant.generation(row)) + (isFull ? 1 : 0)
  const name = deps.names.connectionSecret(connectionId, generation)
  const version = await deps.vault.set(name, toVault(row, value))
  return {
    secretName: name,
    secretVersion: version,
    previousName: grant.secretName(row),
    previousVersion: grant.secretVersion(row),
    generation,
    versionsInGeneration: isFull ? 1 : grant.versions(row) + 1,
    storedAt: deps.clock.now(),
    unstored: '',
    unstoredRotation: 0,
  }
}
