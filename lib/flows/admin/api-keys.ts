/** API keys: shown once, stored as a hash. An operator's key lives in the deployment's own partition. */
import { GatewayError, notFound, RowExistsError } from '../../errors.js'
import type { ApiKeyInput } from '../../model/admin-schemas.js'
import type { Caller } from '../../model/caller.js'
import { newId, newSecret, sha256 } from '../../model/ids.js'
import { Secret } from '../../secret.js'
import type { Dependencies } from '../common/dependencies.js'
import { forgetCallers } from './authenticate.js'

export interface ApiKeyFacts {
  id: string
  name: string
  role: string
  createdAt: string
  expiresAt: string | null
}

/** An operator's key belongs to the deployment, not to the tenant it was made beside; only operators make one. */
export async function createApiKey(
  deps: Dependencies,
  caller: Caller,
  named: string,
  input: ApiKeyInput,
): Promise<ApiKeyFacts & { key: Secret }> {
  if (input.role === 'operator' && caller.role !== 'operator') throw operatorsOnly()
  const tenant = input.role === 'operator' ? '~' : named
  const id = newId().slice(0, 8)
  const secret = newSecret()
  const now = deps.clock.now()
  const expiresAt = input.expiresInDays === undefined ? 0 : now + input.expiresInDays * 86_400_000
  const createdAt = new Date(now).toISOString()
  await deps.tables.insert(deps.names.table('tenants'), {
    partitionKey: tenant,
    rowKey: `apikey~${id}`,
    v: 1,
    name: input.name,
    role: input.role,
    hash: sha256(secret),
    createdAt,
    expiresAt,
  })
  return {
    id,
    name: input.name,
    role: input.role,
    createdAt,
    expiresAt: expiresAt === 0 ? null : new Date(expiresAt).toISOString(),
    key: new Secret(`mbg_${tenant}_${id}_${secret}`),
  }
}

export async function listApiKeys(deps: Dependencies, tenant: string): Promise<ApiKeyFacts[]> {
  const keys: ApiKeyFacts[] = []
  for await (const row of deps.tables.query(deps.names.table('tenants'), {
    partition: tenant,
    rowRange: ['apikey~', 'apikey~~'],
  })) {
    const expiresAt = Number(row['expiresAt'] ?? 0)
    keys.push({
      id: row.rowKey.slice('apikey~'.length),
      name: String(row['name']),
      role: String(row['role']),
      createdAt: String(row['createdAt']),
      expiresAt: expiresAt === 0 ? null : new Date(expiresAt).toISOString(),
    })
  }
  return keys
}

export async function revokeApiKey(deps: Dependencies, tenant: string, id: string): Promise<void> {
  const table = deps.names.table('tenants')
  if ((await deps.tables.get(table, tenant, `apikey~${id}`)) === undefined) throw notFound('API key')
  await deps.tables.remove(table, tenant, `apikey~${id}`)
  forgetCallers(deps)
}

/**
 * The first operator key. It is kept in the vault, where whoever runs the deployment reads it; the row holds its hash.
 * Several processes may start at once: the insert of the row decides, and a crash before the row starts over.
 */
export async function bootstrapOperatorKey(deps: Dependencies): Promise<void> {
  const table = deps.names.table('tenants')
  const name = `${deps.names.environment}-operator-key`
  if ((await deps.tables.get(table, '~', 'bootstrap')) !== undefined) return
  const stored = await deps.vault.get(name)
  const secret = newSecret()
  const id = newId().slice(0, 8)
  const [, , storedId, storedSecret] = stored?.value.reveal().split('_') ?? []
  if (stored === undefined) await deps.vault.set(name, new Secret(`mbg_~_${id}_${secret}`))
  const keyId = storedId ?? id
  const createdAt = new Date(deps.clock.now()).toISOString()
  try {
    await deps.tables.upsert(table, {
      partitionKey: '~',
      rowKey: `apikey~${keyId}`,
      v: 1,
      name: 'bootstrap',
      role: 'operator',
      hash: sha256(storedSecret ?? secret),
      createdAt,
      expiresAt: 0,
    })
    await deps.tables.insert(table, { partitionKey: '~', rowKey: 'bootstrap', v: 1, keyId })
  } catch (error) {
    if (!(error instanceof RowExistsError)) throw error
  }
}

function operatorsOnly(): GatewayError {
  return new GatewayError('forbidden_role', 'permanent', {
    status: 403,
    description: 'Only an operator can create a key with the role operator.',
    remedy: 'Ask for the role app or tenant-admin, or use an operator key.',
  })
}
