/**
 * Who is calling? The credential alone says it: `mbg_{tenant}_{keyId}_{secret}`, where the tenant of an operator is
 * `~`. The row holds only the secret's SHA-256; every wrong credential gets the same answer. Known keys are remembered
 * for a minute per process, so revoking one takes at most that long.
 */
import { GatewayError } from '../../errors.js'
import type { Caller } from '../../model/caller.js'
import { sha256 } from '../../model/ids.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { sameText } from '../../protocol/same-text.js'
import { findApiKey } from '../../rows/api-keys.js'

const form = /^mbg_(~|[a-z0-9]+(?:-[a-z0-9]+)*)_([a-z2-7]{8})_([a-z2-7]{32})$/
const rememberMs = 60_000

export async function authenticate(deps: Toolbox, credential: string): Promise<Caller> {
  const [, tenant, keyId, secret] = form.exec(credential) ?? []
  if (tenant === undefined || keyId === undefined || secret === undefined) throw unauthorized()
  const remembered = deps.memory.callers
  const fingerprint = sha256(credential)
  const hit = remembered.get(fingerprint)
  if (hit && hit.until > deps.clock.now()) return hit.value

  const key = await findApiKey(deps, tenant, keyId)
  const matches = sameText(sha256(secret), key?.hash ?? sha256(''))
  const expiresAt = key?.expiresAt ?? 0
  if (key === undefined || !matches || (expiresAt > 0 && expiresAt <= deps.clock.now())) throw unauthorized()
  const caller: Caller = { role: key.role, tenant, keyId }
  if (remembered.size > 10_000) remembered.clear()
  const until = deps.clock.now() + rememberMs
  remembered.set(fingerprint, { value: caller, until: expiresAt > 0 ? Math.min(until, expiresAt) : until })
  return caller
}

/** After a key was revoked in this process. */
export function forgetCallers(deps: Toolbox): void {
  deps.memory.callers.clear()
}

function unauthorized(): GatewayError {
  return new GatewayError('unauthorized', 'permanent', {
    status: 401,
    description: 'The API key is missing, malformed, expired or unknown.',
    remedy:
      'Send "Authorization: Bearer mbg_…" with a current key; an operator or tenant administrator can create one.',
  })
}
