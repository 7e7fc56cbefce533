/**
 * Deletes sign-ins whose time is over, with everything sealed in them. The vault is not involved: it is touched for the
 * first time when a sign-in is confirmed, so an abandoned one leaves nothing behind (M-061). A confirmation that a
 * crash interrupted is finished instead, or taken back when an hour was not enough. Whoever waited for one hears that
 * it ended.
 */
import { asGatewayError } from '../../errors.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { claimDue, setDue } from '../../rows/due.js'
import { findSignIn, removeSignIn, type StoredSignIn } from '../../rows/sign-ins.js'
import { confirmNow, isBegun } from './confirm-now.js'
import { undoConfirmation } from './refuse-confirmation.js'
import { isPending, tellEnded, tellPending } from './tell-sign-in.js'

const batch = 500
const claimMs = 5 * 60_000

/** Returns how many were deleted. */
export async function expireSignIns(deps: Toolbox): Promise<number> {
  let deleted = 0
  for (const { tenant, id } of await claimDue(deps, 'signin', { limit: batch, claimMs })) {
    try {
      const signIn = await findSignIn(deps, id)
      const alive = signIn !== undefined && signIn.expiresAt > deps.clock.now()
      if (alive && isBegun(signIn)) {
        await confirmNow(deps, signIn)
        continue
      }
      if (alive) {
        if (isPending(signIn) && !signIn.told) await tellPending(deps, signIn)
        await setDue(deps, { kind: 'signin', tenant, id }, signIn.expiresAt)
        continue
      }
      if (signIn !== undefined) {
        await tellExpired(deps, signIn)
        if (isBegun(signIn)) await undoConfirmation(deps, signIn)
        await removeSignIn(deps, signIn)
        deleted++
      }
      await setDue(deps, { kind: 'signin', tenant, id }, Number.POSITIVE_INFINITY)
    } catch (error) {
      // The claim expires and the sign-in is looked at again.
      deps.log.warn('sign-in-expiry-failed', { signInId: id, code: asGatewayError(error).code })
    }
  }
  return deleted
}

async function tellExpired(deps: Toolbox, signIn: StoredSignIn): Promise<void> {
  if (signIn.status === 'confirmed' || signIn.status === 'cancelled') return
  const code = isPending(signIn)
    ? 'sign_in_not_confirmed'
    : signIn.status === 'signed-in'
      ? 'sign_in_not_redeemed'
      : 'link_expired'
  await tellEnded(deps, signIn, { state: 'expired', code })
}
