import { randomBytes, randomUUID } from 'node:crypto'
import type { AppRegistration, Misbehaviour, RefreshToken, User } from '../directory.js'
import { EntraRefusal } from './aadsts.js'
import type { EntraState } from './entra-state.js'

const graceMs = 30_000

/** AADSTS numbers with which a misbehaving account loses its refresh token. */
const refusedAccounts: Partial<Record<Misbehaviour, number>> = {
  revoked: 50173,
  consent: 65001,
  mfa: 50076,
  blocked: 53003,
  disabled: 50057,
  expired: 700082,
}

/** Of an account that loses it, a client that renews five minutes early refreshes half a minute after the sign-in. */
const shortSeconds = 330

/** Life of an access token of this person; an hour would hide for an hour what the account is there to show. */
export const accessTokenSeconds = (state: EntraState, user: User | undefined): number =>
  user?.flags.some((flag) => refusedAccounts[flag] !== undefined)
    ? Math.min(shortSeconds, state.accessTokenSeconds)
    : state.accessTokenSeconds

export function newRefreshToken(
  state: EntraState,
  app: AppRegistration,
  user: User,
  family: string = randomUUID(),
): RefreshToken {
  const now = state.now()
  const record: RefreshToken = {
    token: `1.${randomBytes(192).toString('base64url')}`,
    family,
    clientId: app.clientId,
    userOid: user.oid,
    tenantId: user.tenantId,
    issuedAt: now,
    expiresAt: now + state.refreshTokenSeconds * 1000,
  }
  state.directory.refreshTokens.set(record.token, record)
  return record
}

/** Policies of the organisation are judged whenever a token is asked for, whatever its scopes. */
export function conditionalAccess({ directory }: EntraState, { tenantId }: User): void {
  const stop = directory.tenant(tenantId)?.conditionalAccess
  if (stop !== undefined) throw new EntraRefusal(stop)
}

/**
 * Checks a presented refresh token under the present rotation mode, or refuses with the number Entra would give. Whoever
 * issues tokens for it marks it as used.
 */
export function useRefreshToken(
  state: EntraState,
  app: AppRegistration,
  token: string,
): { record: RefreshToken; user: User } {
  const record = state.directory.refreshTokens.get(token)
  if (!record || record.clientId !== app.clientId) throw new EntraRefusal(70000)
  const user = state.directory.user(record.userOid)
  if (!user) throw new EntraRefusal(50034)
  if (record.refusedWith !== undefined) throw new EntraRefusal(record.refusedWith)
  if (!user.enabled) throw new EntraRefusal(50057)
  const flagged = user.flags.map((f) => refusedAccounts[f]).find((n) => n !== undefined)
  if (flagged !== undefined) throw new EntraRefusal(flagged)
  const now = state.now()
  if (record.expiresAt <= now) throw new EntraRefusal(700082)
  if (isReuse(state, record, now)) {
    state.counters.reuseEvents += 1
    refuseFamily(state, record.family, 50173)
    throw new EntraRefusal(50173, 'The refresh token was used before.')
  }
  conditionalAccess(state, user)
  return { record, user }
}

function isReuse(state: EntraState, record: RefreshToken, now: number): boolean {
  if (record.usedAt === undefined) return false
  return state.rotation === 'strict' || (state.rotation === 'grace' && now - record.usedAt > graceMs)
}

function refuseFamily(state: EntraState, family: string, number: number): void {
  for (const record of state.directory.refreshTokens.values()) {
    if (record.family === family) record.refusedWith = number
  }
}

/** Kills every refresh token of one user, as "revoke sessions" does; returns how many. */
export function revokeUser(state: EntraState, user: User, number = 50173): number {
  const own = [...state.directory.refreshTokens.values()].filter((r) => r.userOid === user.oid)
  for (const record of own) record.refusedWith = number
  return own.length
}
