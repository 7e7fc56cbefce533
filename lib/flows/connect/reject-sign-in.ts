/** A tenant administrator looked at who signed in and does not agree: the link is dead and what was sealed is gone. */

import type { Toolbox } from '../../ports/toolbox.js'
import { endSignIn } from '../../rows/sign-ins.js'
import { pendingSignIn } from './confirm-sign-in.js'
import { factsOf, type SignInFacts } from './describe-sign-in.js'
import { tellEnded } from './tell-sign-in.js'

/** Errors: `not_found`, `sign_in_not_ready`, `sign_in_used`, `confirmation_running`. */
export async function rejectSignIn(deps: Toolbox, tenant: string, id: string): Promise<SignInFacts> {
  const signIn = await pendingSignIn(deps, tenant, id)
  await endSignIn(deps, signIn, 'sign_in_rejected')
  await tellEnded(deps, signIn, { state: 'rejected', code: 'sign_in_rejected' })
  return factsOf(deps, signIn)
}
