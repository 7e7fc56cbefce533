import { signInProblem } from '../../model/sign-in-problems.js'
import type { Toolbox } from '../../ports/toolbox.js'
import type { StoredSignIn } from '../../rows/sign-ins.js'

/** May a person (still) begin with it? A refused or half-way attempt may be repeated until the link expires. */
export function assertOpen(deps: Toolbox, signIn: StoredSignIn): void {
  const now = deps.clock.now()
  if (signIn.status === 'cancelled')
    throw signInProblem(signIn.refusal === 'sign_in_rejected' ? 'sign_in_rejected' : 'sign_in_cancelled')
  if (signIn.status === 'signed-in' || signIn.status === 'confirmed') throw signInProblem('sign_in_used')
  if (signIn.expiresAt <= now || signIn.status === 'expired') throw signInProblem('link_expired')
  if (signIn.status === 'returned' && signIn.stageUntil > now) throw signInProblem('sign_in_running')
}
