/**
 * Puts freshly gained authority away: the grant row with its key first, then the vault, then the pointer (an
 * application's own authority has no secret besides that of its registration). Safe to
 * repeat: a second run writes one more version of the same secret. A row that exists (reconnect) is taken by lease like
 * in a refresh, so that a refresh under way with the old authority cannot write over the new one.
 */
import { GatewayError } from '../../errors.js'
import type { Resource } from '../../model/connection.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention } from '../../rows/attention.js'
import { setDue } from '../../rows/due.js'
import { accessColumns, putSecret } from '../../rows/grant-secrets.js'
import { findOrInsertGrant, type GrantChange, type LeasedGrant, takeGrant } from '../../rows/grants.js'
import { Secret } from '../../secret.js'
import { forgetTokens } from './access-token.js'
import { nextRefresh } from './refresh-grant.js'

export type NewGrant =
  | { kind: 'oauth'; resource: Resource; accessToken: string; expiresAt: number; refreshToken: string }
  | { kind: 'app-only'; resource: Resource; accessToken: string; expiresAt: number }
  | { kind: 'password'; password: string }

const leaseMs = 60_000
const tries = 150

export async function storeGrant(
  deps: Toolbox,
  input: { tenant: string; connectionId: string; grant: NewGrant },
): Promise<void> {
  const { tenant, connectionId } = input
  const leased = await takeNewGrant(deps, tenant, connectionId)
  const grant = leased.current()
  const rotation = grant.rotation + 1
  const gained = input.grant
  let pointer: GrantChange
  try {
    pointer = gained.kind === 'app-only' ? {} : await putSecret(deps, grant, { value: secretOf(gained), rotation })
  } catch (error) {
    await leased.release()
    throw error
  }
  const access: GrantChange = { access_graph: '', access_outlook: '' }
  if (gained.kind !== 'password') {
    const { resource, accessToken, expiresAt } = gained
    Object.assign(access, await accessColumns(deps, grant, { resource, token: new Secret(accessToken), expiresAt }))
  }
  await leased.finish({
    ...pointer,
    ...access,
    kind: gained.kind,
    rotation,
    // The version before belongs to authority that was given up; it must not come back as a fallback.
    previousName: '',
    previousVersion: '',
    refreshedAt: deps.clock.now(),
    failures: 0,
    notBefore: 0,
    refusedAt: 0,
    failureCode: '',
  })
  forgetTokens(deps, tenant, connectionId)
  await clearAttention(deps, { tenant, kind: 'connection', id: connectionId })
  if (gained.kind !== 'password')
    await setDue(deps, { kind: 'grant', tenant, id: connectionId }, nextRefresh(deps.clock.now(), gained.expiresAt))
}

const secretOf = (gained: Exclude<NewGrant, { kind: 'app-only' }>): string =>
  gained.kind === 'oauth' ? gained.refreshToken : gained.password

async function takeNewGrant(deps: Toolbox, tenant: string, connectionId: string): Promise<LeasedGrant> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const grant = await findOrInsertGrant(deps, tenant, connectionId)
    if (grant === undefined) continue
    const leased = await takeGrant(deps, grant, { leaseMs })
    if (leased !== undefined) return leased
    await deps.clock.sleep(200)
  }
  throw new GatewayError('refresh_busy', 'transient', {
    retryAfterMs: 30_000,
    description: 'Another worker is refreshing the connection.',
    remedy: 'Try again in half a minute.',
  })
}
