/** API keys: shown once, stored as a hash. An operator's key lives in the deployment's own partition. */
import { conflict, GatewayError, invalidInput, notFound } from '../../errors.js'
import type { ApiKeyInput } from '../../model/admin-schemas.js'
import type { Caller, Role } from '../../model/caller.js'
import { newId, newSecret, sha256 } from '../../model/ids.js'
import type { PageQuery } from '../../model/page.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { type ApiKey, findApiKey, insertApiKey, pageOfApiKeys, removeApiKey } from '../../rows/api-keys.js'
import { Secret } from '../../secret.js'
import { forgetCallers } from './authenticate.js'

export interface ApiKeyFacts {
  id: string
  name: string
  role: Role
  createdAt: string
  expiresAt: string | null
}

/** Who acts, and in which tenant. */
interface Acting {
  caller: Caller
  tenant: string
}

/** An operator's key belongs to the deployment, not to the tenant it was made beside; only operators make one. */
export async function createApiKey(
  deps: Toolbox,
  { caller, tenant: named }: Acting,
  input: ApiKeyInput,
): Promise<ApiKeyFacts & { key: Secret }> {
  if (input.role === 'operator' && caller.role !== 'operator') throw operatorsOnly()
  if (named === '~' && input.role !== 'operator')
    throw invalidInput(
      'role',
      'must be operator for a key of the deployment; to create another, name the tenant in x-tenant.',
    )
  const tenant = input.role === 'operator' ? '~' : named
  const id = newId().slice(0, 8)
  const secret = newSecret()
  const now = deps.clock.now()
  const key: ApiKey = {
    id,
    name: input.name,
    role: input.role,
    hash: sha256(secret),
    createdAt: new Date(now).toISOString(),
    expiresAt: input.expiresInDays === undefined ? 0 : now + input.expiresInDays * 86_400_000,
  }
  await insertApiKey(deps, tenant, key)
  return { ...factsOf(key), key: new Secret(`mbg_${tenant}_${id}_${secret}`) }
}

/** In the order of their ids. */
export async function listApiKeys(
  deps: Toolbox,
  tenant: string,
  page: PageQuery,
): Promise<{ keys: ApiKeyFacts[]; next: string }> {
  const { keys, next } = await pageOfApiKeys(deps, tenant, page)
  return { keys: keys.map(factsOf), next }
}

const factsOf = ({ id, name, role, createdAt, expiresAt }: ApiKey): ApiKeyFacts => ({
  id,
  name,
  role,
  createdAt,
  expiresAt: expiresAt === 0 ? null : new Date(expiresAt).toISOString(),
})

/** An operator cannot revoke the key of the very call: the last one would lock everybody out. */
export async function revokeApiKey(deps: Toolbox, { caller, tenant }: Acting, id: string): Promise<void> {
  if (tenant === '~' && caller.keyId === id)
    throw conflict(
      'key_in_use',
      'The call itself uses this key.',
      'Create another operator key and use it to revoke this one.',
    )
  if ((await findApiKey(deps, tenant, id)) === undefined) throw notFound('API key')
  await removeApiKey(deps, tenant, id)
  forgetCallers(deps)
}

function operatorsOnly(): GatewayError {
  return new GatewayError('forbidden_role', 'permanent', {
    status: 403,
    description: 'Only an operator can create a key with the role operator.',
    remedy: 'Ask for the role app or tenant-admin, or use an operator key.',
  })
}
