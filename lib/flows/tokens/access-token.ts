/**
 * The hot path: from memory, else from the sealed column, else by a refresh. One promise per connection and resource in
 * each process. Memory is asked for ten minutes at most, so that a disconnect reaches every process.
 */
import type { Resource } from '../../model/connection.js'
import { type AccessToken, expiryMarginMs, storedToken } from '../../rows/grant-secrets.js'
import type { StoredGrant } from '../../rows/grants.js'
import { refreshGrant } from './refresh-grant.js'
import type { TokenDependencies } from './token-dependencies.js'

const keptMs = 10 * 60_000
const mostKept = 20_000

interface Known {
  tenant: string
  token: AccessToken
  until: number
}

interface Kept {
  /**
   * By connection id alone, which is already hashed when it comes from a row: joining a key costs more than the
   * look-up.
   */
  tokens: Record<Resource, Map<string, Known>>
  running: Map<string, Promise<AccessToken>>
}
const kept = new WeakMap<TokenDependencies['tables'], Kept>()

function memoryOf(deps: TokenDependencies): Kept {
  const memory = kept.get(deps.tables)
  if (memory !== undefined) return memory
  const empty: Kept = { tokens: { graph: new Map(), outlook: new Map() }, running: new Map() }
  kept.set(deps.tables, empty)
  return empty
}

/** `refused`: the token a server did not accept. */
export async function accessToken(
  deps: TokenDependencies,
  tenant: string,
  connectionId: string,
  resource: Resource,
  refused?: string,
): Promise<AccessToken> {
  const { tokens, running } = memoryOf(deps)
  const known = tokens[resource].get(connectionId)
  if (known?.tenant === tenant && deps.clock.now() < known.until)
    if (refused === undefined || known.token.token.reveal() !== refused) return known.token
  const flight = `${tenant}~${connectionId}~${resource}~${refused ?? ''}`
  const already = running.get(flight)
  if (already !== undefined) return already
  const work = refreshGrant(deps, tenant, connectionId, { resource, ...(refused === undefined ? {} : { refused }) })
  running.set(flight, work)
  try {
    const token = await work
    keep(deps, { tenant, connectionId, resource }, token)
    return token
  } finally {
    running.delete(flight)
  }
}

/** Takes the token of a grant row that was read anyway, when there is none at hand: a request less. */
export async function offerStored(deps: TokenDependencies, resource: Resource, grant: StoredGrant): Promise<void> {
  const { tenant, connectionId } = grant
  const known = memoryOf(deps).tokens[resource].get(connectionId)
  if (known?.tenant === tenant && deps.clock.now() < known.until) return
  const stored = await storedToken(deps, grant, { resource, minLifeMs: expiryMarginMs })
  if (stored !== undefined) keep(deps, { tenant, connectionId, resource }, stored)
}

function keep(
  deps: TokenDependencies,
  { tenant, connectionId, resource }: { tenant: string; connectionId: string; resource: Resource },
  token: AccessToken,
): void {
  const tokens = memoryOf(deps).tokens[resource]
  if (tokens.size >= mostKept) tokens.clear()
  tokens.set(connectionId, {
    tenant,
    token,
    until: Math.min(deps.clock.now() + keptMs, token.expiresAt - expiryMarginMs),
  })
}

/** After a connection was renewed or removed in this process. */
export function forgetTokens(deps: TokenDependencies, tenant: string, connectionId: string): void {
  for (const tokens of Object.values(memoryOf(deps).tokens))
    if (tokens.get(connectionId)?.tenant === tenant) tokens.delete(connectionId)
}
