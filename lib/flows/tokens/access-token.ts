/**
 * The hot path: from memory, else from the sealed column, else by a refresh. One promise per connection and resource in
 * each process. Memory is asked for ten minutes at most, so that a disconnect reaches every process.
 */
import type { Connection, Resource } from '../../model/connection.js'
import type { Row } from '../../ports/tables.js'
import { expiryMarginMs, storedToken } from './grant-row.js'
import { refreshGrant } from './refresh-grant.js'
import type { AccessToken, TokenDependencies } from './token-dependencies.js'

const keptMs = 10 * 60_000
const mostKept = 20_000

interface Kept {
  tokens: Map<string, AccessToken & { until: number }>
  running: Map<string, Promise<AccessToken>>
}
const kept = new WeakMap<TokenDependencies['tables'], Kept>()

function memoryOf(deps: TokenDependencies): Kept {
  const memory = kept.get(deps.tables) ?? { tokens: new Map(), running: new Map() }
  kept.set(deps.tables, memory)
  return memory
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
  const key = `${tenant}~${connectionId}~${resource}`
  const known = tokens.get(key)
  if (known && deps.clock.now() < known.until && known.token.reveal() !== refused) return known
  const flight = `${key}~${refused ?? ''}`
  const already = running.get(flight)
  if (already !== undefined) return already
  const work = refreshGrant(deps, tenant, connectionId, { resource, ...(refused === undefined ? {} : { refused }) })
  running.set(flight, work)
  try {
    const fresh = await work
    keep(deps, key, fresh)
    return fresh
  } finally {
    running.delete(flight)
  }
}

/** Takes the token of a grant row that was read anyway, when there is none at hand: a request less. */
export async function offerStored(
  deps: TokenDependencies,
  { tenant, id }: Connection,
  resource: Resource,
  row: Row,
): Promise<void> {
  const key = `${tenant}~${id}~${resource}`
  const known = memoryOf(deps).tokens.get(key)
  if (known && deps.clock.now() < known.until) return
  const stored = await storedToken(deps, row, resource, { minLifeMs: expiryMarginMs })
  if (stored !== undefined) keep(deps, key, stored)
}

function keep(deps: TokenDependencies, key: string, token: AccessToken): void {
  const { tokens } = memoryOf(deps)
  if (tokens.size >= mostKept) tokens.clear()
  tokens.set(key, { ...token, until: Math.min(deps.clock.now() + keptMs, token.expiresAt - expiryMarginMs) })
}

/** After a connection was renewed or removed in this process. */
export function forgetTokens(deps: TokenDependencies, tenant: string, connectionId: string): void {
  const { tokens } = memoryOf(deps)
  for (const resource of ['graph', 'outlook']) tokens.delete(`${tenant}~${connectionId}~${resource}`)
}
