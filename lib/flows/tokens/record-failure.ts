/**
 * A renewal failed: how often, when to ask again, and whether the provider's word says something about the grant. One
 * refusal may be a bad moment; a second one, minutes later, decides (P-08).
 */
import { GatewayError, RowChangedError } from '../../errors.js'
import type { Connection } from '../../model/connection.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { setDue } from '../../rows/due.js'
import type { LeasedGrant } from '../../rows/grants.js'
import { markBroken, unconfirmedHint } from './connection-state.js'

/** When a first refusal is asked about again. */
const confirmMs = 3 * 60_000
/** A second refusal sooner than this may be the same bad moment. */
const confirmedAfterMs = 30_000

interface FailedRenewal {
  connection: Connection
  leased: LeasedGrant
  /** A person wants to know now: a second refusal decides however soon it comes. */
  isAsked?: boolean | undefined
}

/** What callers hear of it: a refusal that nothing confirmed yet is a reason to wait. */
export async function recordFailure(
  deps: Toolbox,
  { connection, leased, isAsked = false }: FailedRenewal,
  error: unknown,
): Promise<unknown> {
  if (error instanceof RowChangedError) return error
  const failure = error instanceof GatewayError ? error : undefined
  const now = deps.clock.now()
  const isRefusal = isVerdict(error) && error.class === 'needs-reconnect'
  const { refusedAt, failures: before } = leased.current()
  const isSecond = refusedAt > 0 && (isAsked || now - refusedAt >= confirmedAfterMs)
  const isFinal = isRefusal && isSecond
  const failures = before + 1
  const waitForMs = pauseAfter(failures, failure, isRefusal)
  const notBefore = now + waitForMs
  // The mark before the lease ends: whoever waits for the lease must find it.
  if (isVerdict(error) && (isFinal || !isRefusal)) await markBroken(deps, connection, error)
  const due = isFinal ? Number.POSITIVE_INFINITY : notBefore
  await setDue(deps, { kind: 'grant', tenant: connection.tenant, id: connection.id }, due)
  await leased.release({
    failures,
    notBefore,
    failureCode: failure?.code ?? 'unexpected',
    refusedAt: isRefusal ? refusedAt || now : refusedAt,
  })
  deps.log.warn('refresh-failed', {
    tenant: connection.tenant,
    connectionId: connection.id,
    code: failure?.code ?? 'unexpected',
    class: isRefusal && !isFinal ? 'transient' : (failure?.class ?? 'transient'),
  })
  return isRefusal && !isFinal ? unconfirmed(error, waitForMs) : error
}

function pauseAfter(failures: number, failure: GatewayError | undefined, isRefusal: boolean): number {
  const backOffMs = Math.min(600_000, 5_000 * 2 ** Math.min(failures - 1, 10))
  const pauseMs = failure?.class === 'needs-admin' ? 3_600_000 : isRefusal ? confirmMs : backOffMs
  return Math.max(failure?.retryAfterMs ?? 0, pauseMs * (0.75 + Math.random() / 2))
}

function unconfirmed({ code, description, peerLine }: GatewayError, retryAfterMs: number): GatewayError {
  return new GatewayError(code, 'transient', {
    hint: unconfirmedHint,
    retryAfterMs,
    description: `The provider refused the stored sign-in once (${description.replace(/\.$/, '')}). The gateway retries in about three minutes; only a second refusal counts.`,
    remedy: 'Nobody has to act yet.',
    outcome: 'not-sent',
    peerLine,
  })
}

/** Only these say something about the grant; outages, throttling and our own faults never do. */
export function isVerdict(error: unknown): error is GatewayError {
  if (!(error instanceof GatewayError) || error.code.startsWith('vault_')) return false
  return error.class === 'needs-reconnect' || error.class === 'needs-admin'
}
