/** What a grant keeps secret: access tokens sealed in its row, and the refresh token or password in the vault. */
import { GatewayError } from '../errors.js'
import type { Resource } from '../model/connection.js'
import type { Sealer } from '../model/sealer.js'
import type { AccessToken } from '../ports/memory.js'
import type { Toolbox } from '../ports/toolbox.js'
import { sealer } from '../protocol/seal.js'
import { Secret } from '../secret.js'
import { columnsOf } from './columns.js'
import { connectionPartition } from './connections.js'
import { type GrantChange, grantRowKey, type StoredGrant } from './grants.js'
import { sealKeys } from './seal-keys.js'

/** A token that ends within this time counts as ended: clocks differ, and calls take time (REL-18). */
export const expiryMarginMs = 5 * 60_000
/** Versions cannot be deleted one by one, and too many break the vault's backup. */
export const versionsPerName = 200

/** What the vault keeps, sealed with the row's own key. `rotation` orders versions that no pointer tells apart. */
export interface VaultValue {
  value: string
  rotation: number
}

type SealedColumn = `access_${Resource}` | 'unstored'

export const associatedData = (tenant: string, connectionId: string, column: string): string =>
  `connections~${connectionPartition(tenant, connectionId)}~${grantRowKey}~${column}`

/** The stored access token of a resource, or nothing when it ended, is `refused` or can no longer be opened. */
export async function storedToken(
  deps: Toolbox,
  grant: StoredGrant,
  want: { resource: Resource; minLifeMs: number; refused?: string },
): Promise<AccessToken | undefined> {
  const lifeMs = grant[`accessUntil_${want.resource}`] - (await deps.tables.serverNow())
  if (lifeMs < want.minLifeMs) return undefined
  const opened = await openColumn(deps, grant, `access_${want.resource}`)
  if (opened === undefined || opened === '' || opened === want.refused) return undefined
  return { token: new Secret(opened), expiresAt: deps.clock.now() + lifeMs }
}

/** The end of its life stands there by the storage server's clock, which all processes share (REL-18). */
export async function accessColumns(
  deps: Toolbox,
  grant: StoredGrant,
  { resource, token, expiresAt }: AccessToken & { resource: Resource },
): Promise<GrantChange> {
  return {
    [`access_${resource}`]: await sealColumn(deps, grant, { column: `access_${resource}`, plain: token.reveal() }),
    [`accessUntil_${resource}`]: (await deps.tables.serverNow()) + expiresAt - deps.clock.now(),
  }
}

export async function sealColumn(
  deps: Toolbox,
  { tenant, connectionId }: StoredGrant,
  { column, plain }: { column: SealedColumn; plain: string },
): Promise<string> {
  return (await sealKeys(deps)).seal(plain, associatedData(tenant, connectionId, column))
}

/** `undefined` when it is empty or its key is gone: both only mean that it has to be gained again. */
export async function openColumn(deps: Toolbox, grant: StoredGrant, column: SealedColumn): Promise<string | undefined> {
  if (grant[column] === '') return undefined
  try {
    const place = associatedData(grant.tenant, grant.connectionId, column)
    return (await sealKeys(deps)).open(grant[column], place).toString()
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'sealed_value_invalid') return undefined
    throw error
  }
}

/** The row's own key: with the row gone, every version in the vault is noise. */
function ownSealer({ row }: StoredGrant): Sealer {
  return sealer([{ id: 'row', key: Buffer.from(columnsOf(row).text('secretKey'), 'base64') }])
}

const ownPlace = ({ tenant, connectionId }: StoredGrant): string => connectionPartition(tenant, connectionId)

function toVault(grant: StoredGrant, value: VaultValue): Secret {
  return new Secret(ownSealer(grant).seal(JSON.stringify(value), ownPlace(grant)))
}

export function fromVault(grant: StoredGrant, stored: Secret): VaultValue | undefined {
  try {
    return JSON.parse(ownSealer(grant).open(stored.reveal(), ownPlace(grant)).toString()) as VaultValue
  } catch {
    return undefined
  }
}

/** Writes the secret as the next version and returns the columns that point at it. */
export async function putSecret(deps: Toolbox, grant: StoredGrant, value: VaultValue): Promise<GrantChange> {
  const isFull = grant.versionsInGeneration >= versionsPerName
  const generation = Math.max(1, grant.generation) + (isFull ? 1 : 0)
  const name = deps.names.connectionSecret(grant.connectionId, generation)
  const version = await deps.vault.set(name, toVault(grant, value))
  return {
    secretName: name,
    secretVersion: version,
    previousName: grant.secretName,
    previousVersion: grant.secretVersion,
    generation,
    versionsInGeneration: isFull ? 1 : grant.versionsInGeneration + 1,
    storedAt: deps.clock.now(),
    unstored: '',
    unstoredRotation: 0,
  }
}
