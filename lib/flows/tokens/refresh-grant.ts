/**
 * Renews the access token of one connection; any number of workers may ask at once. Take the lease of the grant row
 * and note the attempt in the same write; if somebody else renewed meanwhile, use that. Call the provider with the
 * refresh token that counts, put a new refresh token away before anything uses the access token, then point at it in
 * one update. A refusal counts only when no newer token exists and a second try at once says the same. Even then one may
 * be a bad moment of the provider: a second refusal, minutes later, decides; then the connection is marked and nobody
 * calls again (P-08). Everything else is a reason to wait. An app-only connection has no refresh token: the application
 * signs in again.
 */
import { GatewayError, RowChangedError } from '../../errors.js'
import type { Connection, ConnectionRef, Resource } from '../../model/connection.js'
import { providerFacts } from '../../model/providers.js'
import type { AccessToken } from '../../ports/memory.js'
import type { RefreshInput, TokenSet } from '../../ports/provider.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { setDue } from '../../rows/due.js'
import {
  accessColumns,
  expiryMarginMs,
  putSecret,
  sealColumn,
  storedToken,
  type VaultValue,
} from '../../rows/grant-secrets.js'
import { findGrant, type GrantChange, type LeasedGrant, type StoredAuthority, takeGrant } from '../../rows/grants.js'
import { Secret } from '../../secret.js'
import { brokenConnection, markWorking, notConnected, unconfirmedHint } from './connection-state.js'
import { currentSecrets, previousSecret } from './current-secret.js'
import { providerOf } from './provider-of.js'
import { isVerdict, recordFailure } from './record-failure.js'
import { findClient } from './registrations.js'

export interface RefreshOptions {
  resource: Resource
  /** A stored token must live at least this long to be taken; default 5 minutes. */
  minLifeMs?: number
  /** The token a server refused: anything else is better. */
  refused?: string
  /** Connection and grant as just read. */
  read?: StoredAuthority
  /** A person wants to know now: no stored token answers, and a second refusal decides however soon it comes. */
  isAsked?: boolean
  /** The caller sets when to renew next; after a failure it is set here all the same. */
  setsDue?: boolean
}

const leaseMs = 90_000
const callMs = 20_000
const waitMs = 30_000
const dayMs = 86_400_000

export async function refreshGrant(
  deps: Toolbox,
  { tenant, connectionId }: ConnectionRef,
  options: RefreshOptions,
): Promise<AccessToken> {
  const want = {
    resource: options.resource,
    minLifeMs: options.minLifeMs ?? expiryMarginMs,
    ...(options.refused === undefined ? {} : { refused: options.refused }),
  }
  const giveUpAt = performance.now() + waitMs
  let justRead = options.read
  for (let pauseMs = 50; performance.now() < giveUpAt; pauseMs = Math.min(1_000, pauseMs * 1.5)) {
    const read = justRead ?? (await findGrant(deps, tenant, connectionId))
    justRead = undefined
    if (read === undefined) throw notConnected()
    const { connection, grant } = read
    const known = await storedToken(deps, grant, want)
    // Whoever asks, and the timer after a refusal, want to hear the provider; a stored token says nothing about the sign-in.
    const mustAsk = options.isAsked === true || (options.setsDue === true && grant.refusedAt > 0)
    if (known !== undefined && connection.state === 'connected' && !mustAsk) return known
    mayTry(deps, read)
    const leased = await takeGrant(deps, grant, { leaseMs, change: { attemptAt: deps.clock.now() } })
    if (leased !== undefined) {
      try {
        return await renew(deps, { connection, leased, ...options })
      } catch (error) {
        // Held up so long that another worker took over: what it wrote counts.
        if (!(error instanceof RowChangedError)) throw error
      }
    }
    await deps.clock.sleep(pauseMs)
  }
  throw new GatewayError('refresh_busy', 'transient', {
    retryAfterMs: 5_000,
    description: 'Another worker has been refreshing this connection for longer than usual.',
    remedy: 'Nobody has to act: the gateway retries automatically.',
    outcome: 'not-sent',
  })
}

/** Dead means no calls at all; after a fault the next call waits its time (P-03). */
function mayTry(deps: Toolbox, { connection, grant }: StoredAuthority): void {
  if (connection.state === 'needs-reconnect' || connection.state === 'removed') throw brokenConnection(connection)
  const waitForMs = grant.notBefore - deps.clock.now()
  if (waitForMs <= 0) return
  if (connection.state === 'needs-admin') throw brokenConnection(connection)
  throw new GatewayError(grant.failureCode || 'refresh_waiting', 'transient', {
    ...(grant.refusedAt > 0 && { hint: unconfirmedHint }),
    retryAfterMs: waitForMs,
    description: 'Refreshing the access token failed a moment ago; the gateway retries shortly.',
    remedy: 'Nobody has to act unless it continues for hours.',
    outcome: 'not-sent',
  })
}

/**
 * One try for other scopes than were granted so far. False when another worker holds the lease; rejects with the refusal,
 * which says nothing about the grant.
 */
export async function renewFor(
  deps: Toolbox,
  { connection, grant }: StoredAuthority,
  { resource, scopes }: { resource: Resource; scopes: readonly string[] },
): Promise<boolean> {
  const leased = await takeGrant(deps, grant, { leaseMs, change: { attemptAt: deps.clock.now() } })
  if (leased === undefined) return false
  await renew(deps, { connection: { ...connection, scopes: [...scopes] }, leased, resource, isTrial: true })
  return true
}

/** A renewal under the lease of its grant. */
interface Renewal extends Pick<RefreshOptions, 'resource' | 'setsDue' | 'isAsked'> {
  connection: Connection
  leased: LeasedGrant
  /** For more than was granted: its refusal is no fault of the grant. */
  isTrial?: boolean
}

async function renew(deps: Toolbox, renewal: Renewal): Promise<AccessToken> {
  const { connection, leased, resource, setsDue = false } = renewal
  let answer: { tokens: TokenSet; used?: VaultValue }
  try {
    await storeWhatWaits(deps, renewal)
    answer =
      connection.mode === 'app-only'
        ? { tokens: await acquireAppToken(deps, renewal) }
        : await callProvider(deps, renewal)
  } catch (error) {
    if (!renewal.isTrial) throw await recordFailure(deps, renewal, error)
    await leased.release()
    throw error
  }
  const { tokens, used } = answer
  const fresh: AccessToken = { token: tokens.accessToken, expiresAt: tokens.expiresAt }
  const change: GrantChange = {
    ...(used ? await rotated(deps, renewal, { tokens, used }) : {}),
    ...(await accessColumns(deps, leased.current(), { resource, ...fresh })),
    refreshedAt: deps.clock.now(),
    failures: 0,
    notBefore: 0,
    failureCode: '',
    refusedAt: 0,
  }
  const { secretName: retired } = leased.current()
  await leased.finish(change)
  if (!setsDue)
    await setDue(
      deps,
      { kind: 'grant', tenant: connection.tenant, id: connection.id },
      nextRefresh(deps.clock.now(), fresh.expiresAt),
    )
  await afterSuccess(deps, connection, retired === leased.current().secretName ? '' : retired)
  return fresh
}

/**
 * A rotation the vault refused last time goes in before the next one starts, where each rotation ends the one before.
 */
async function storeWhatWaits(deps: Toolbox, { connection, leased }: Renewal): Promise<void> {
  const grant = leased.current()
  if (providerFacts[connection.provider].replacedTokensStayGood || grant.unstored === '') return
  const [waiting] = await currentSecrets(deps, grant)
  if (waiting !== undefined) await leased.write(await putSecret(deps, grant, waiting))
}

async function acquireAppToken(deps: Toolbox, { connection, leased, resource }: Renewal): Promise<TokenSet> {
  const tenantId = connection.identity?.tenantId ?? ''
  const ask = async (fresh: boolean): Promise<TokenSet> => {
    const { provider, ...client } = await clientOf(deps, connection, fresh)
    if (leased.remainingMs() < callMs + 5_000) await leased.renew(leaseMs)
    return provider.appToken({ ...client, scopes: provider.appScopes(resource), tenantId })
  }
  try {
    return await ask(false)
  } catch (error) {
    if (!isVerdict(error)) throw error
    // One bad answer disconnects nobody, and the secret may have been rotated within the minute it is remembered.
    return ask(true)
  }
}

async function clientOf(deps: Toolbox, connection: Connection, fresh = false) {
  const provider = providerOf(deps, connection.provider)
  const { tenant, registrationId: id } = connection
  return { provider, ...(await findClient(deps, { tenant, id }, { fresh })) }
}

async function callProvider(
  deps: Toolbox,
  { connection, leased, resource, isTrial = false }: Renewal,
): Promise<{ tokens: TokenSet; used: VaultValue }> {
  const { provider, ...remembered } = await clientOf(deps, connection)
  const scopes = provider.tokenScopes(connection.scopes, resource)
  const secrets = await currentSecrets(deps, leased.current())
  const refresh = async (
    used: VaultValue,
    { registration, credential }: typeof remembered,
  ): Promise<{ tokens: TokenSet; used: VaultValue }> => {
    // A lease protects no outside effect: it must outlive the call.
    if (leased.remainingMs() < callMs + 5_000) await leased.renew(leaseMs)
    const input: RefreshInput = { registration, credential, scopes, refreshToken: new Secret(used.value) }
    const tenantId = connection.identity?.tenantId
    const tokens = await provider.refresh({ ...input, ...(tenantId ? { tenantId } : {}) })
    const missing = isTrial ? provider.missingScopes(scopes, tokens.scopes) : []
    if (missing.length > 0) throw notAllGranted(missing)
    return { tokens, used }
  }
  const [first] = secrets as [VaultValue]
  try {
    return await refresh(first, remembered)
  } catch (error) {
    if (isTrial || !isVerdict(error)) throw error
    // Somebody else's newer token would explain the refusal: the conditional write finds out.
    await leased.write({ attemptAt: deps.clock.now() })
    // The client itself is refused: its secret may have been rotated within the minute in which it is remembered
    // (M-081).
    if (error.class === 'needs-admin')
      return await refresh(
        first,
        await findClient(deps, { tenant: connection.tenant, id: connection.registrationId }, { fresh: true }),
      )
    const other = secrets[1] ?? (await previousSecret(deps, leased.current()).catch(() => undefined))
    return await refresh(other ?? first, remembered)
  }
}

const notAllGranted = (missing: readonly string[]): GatewayError =>
  new GatewayError('token_scope_missing', 'needs-admin', {
    hint: 'consent',
    description: `These permissions are not granted yet: ${missing.join(', ')}.`,
    remedy: 'Ask an administrator of the organisation to consent to them.',
  })

/** Columns for the refresh token of this answer. It is safe before anybody uses the access token (P-01). */
async function rotated(
  deps: Toolbox,
  { connection, leased }: Renewal,
  { tokens, used }: { tokens: TokenSet; used: VaultValue },
): Promise<GrantChange> {
  const grant = leased.current()
  const rotation = Math.max(grant.rotation, used.rotation) + 1
  const value = tokens.refreshToken?.reveal() ?? used.value
  // Nothing new to keep, unless the one that worked is one the row does not point at.
  if (value === used.value && used.rotation === grant.rotation) return { rotation: grant.rotation }
  const isDue = deps.clock.now() - grant.storedAt >= dayMs
  if (!providerFacts[connection.provider].replacedTokensStayGood || isDue) {
    try {
      return { rotation, ...(await putSecret(deps, grant, { value, rotation })) }
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      deps.log.warn('refresh-token-not-stored', {
        tenant: connection.tenant,
        connectionId: connection.id,
        code: error.code,
      })
    }
  }
  return {
    rotation,
    unstored: await sealColumn(deps, grant, { column: 'unstored', plain: value }),
    unstoredRotation: rotation,
  }
}

async function afterSuccess(deps: Toolbox, connection: Connection, retired: string) {
  if (connection.state !== 'connected') await markWorking(deps, connection)
  // The new generation is in place; the old name has served. Left behind it is only noise, without its key.
  if (retired !== '') await deps.vault.remove(retired).catch(() => {})
}

/**
 * Between two thirds and three quarters of the life, so that losing a race costs nothing and nobody marches in step.
 */
export function nextRefresh(now: number, expiresAt: number): number {
  return now + Math.max(60_000, (expiresAt - now) * (0.66 + Math.random() * 0.09))
}
