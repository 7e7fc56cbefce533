/**
 * The hot path: from memory, else from the sealed column, else by a refresh. One promise per connection and resource in
 * each process. Memory is asked for ten minutes at most, so that a disconnect reaches every process.
 */
import type { ConnectionRef, Resource } from '../../model/connection.js'
import type { AccessToken } from '../../ports/memory.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { expiryMarginMs, storedToken } from '../../rows/grant-secrets.js'
import type { StoredGrant } from '../../rows/grants.js'
import { refreshGrant } from './refresh-grant.js'

const keptMs = 10 * 60_000
const mostKept = 20_000

/** `refused`: the token a server did not accept. */
export async function accessToken(
  deps: Toolbox,
  { tenant, connectionId }: ConnectionRef,
  { resource, refused }: { resource: Resource; refused?: string | undefined },
): Promise<AccessToken> {
  const { accessTokens, refreshes } = deps.memory
  const known = accessTokens[resource].get(connectionId)
  if (known?.tenant === tenant && deps.clock.now() < known.until)
    if (refused === undefined || known.value.token.reveal() !== refused) return known.value
  const flight = `${tenant}~${connectionId}~${resource}~${refused ?? ''}`
  const already = refreshes.get(flight)
  if (already !== undefined) return already
  const work = refreshGrant(deps, { tenant, connectionId }, { resource, ...(refused === undefined ? {} : { refused }) })
  refreshes.set(flight, work)
  try {
    const token = await work
    keep(deps, { tenant, connectionId, resource }, token)
    return token
  } finally {
    refreshes.delete(flight)
  }
}

/** Takes the token of a grant row that was read anyway, when there is none at hand: a request less. */
export async function offerStored(deps: Toolbox, resource: Resource, grant: StoredGrant): Promise<void> {
  const { tenant, connectionId } = grant
  const known = deps.memory.accessTokens[resource].get(connectionId)
  if (known?.tenant === tenant && deps.clock.now() < known.until) return
  const stored = await storedToken(deps, grant, { resource, minLifeMs: expiryMarginMs })
  if (stored !== undefined) keep(deps, { tenant, connectionId, resource }, stored)
}

function keep(
  deps: Toolbox,
  { tenant, connectionId, resource }: ConnectionRef & { resource: Resource },
  token: AccessToken,
): void {
  const tokens = deps.memory.accessTokens[resource]
  if (tokens.size >= mostKept) tokens.clear()
  tokens.set(connectionId, {
    tenant,
    value: token,
    until: Math.min(deps.clock.now() + keptMs, token.expiresAt - expiryMarginMs),
  })
}

/** After a connection was renewed or removed in this process. */
export function forgetTokens(deps: Toolbox, tenant: string, connectionId: string): void {
  for (const tokens of Object.values(deps.memory.accessTokens))
    if (tokens.get(connectionId)?.tenant === tenant) tokens.delete(connectionId)
}
