/**
 * The sign-ins of a tenant that are not forgotten yet. Their rows lie under secrets, not under the tenant; each has a
 * due row until it is deleted, and those are found by the tenant.
 */
import { invalidInput } from '../../errors.js'
import { isId } from '../../model/ids.js'
import type { PageQuery } from '../../model/page.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { mapInBatches } from '../../rows/delete-rows.js'
import { dueIds } from '../../rows/due.js'
import { wrongPlace } from '../../rows/page-of-rows.js'
import { findSignIn } from '../../rows/sign-ins.js'
import { factsOf, type SignInFacts } from './describe-sign-in.js'
import { isPending } from './tell-sign-in.js'

const states = ['pending', 'started', 'returned', 'signed-in', 'confirmed', 'refused', 'cancelled', 'expired'] as const

export interface SignInPage {
  signIns: SignInFacts[]
  /** Pass as `after` for the next page; empty at the end. */
  next: string
}

/** In the order of their ids. `pending`: signed in, and an administrator has to confirm. Errors: `invalid_input`. */
export async function listSignIns(
  deps: Toolbox,
  tenant: string,
  { state, limit, after }: PageQuery & { state?: string | undefined },
): Promise<SignInPage> {
  if (state !== undefined && !states.some((one) => one === state))
    throw invalidInput('state', `must be one of ${states.join(', ')}.`)
  if (after !== undefined && after !== '' && !isId(after)) throw wrongPlace()
  const ids = (await dueIds(deps, 'signin', tenant)).filter((id) => id > (after ?? ''))
  const signIns: SignInFacts[] = []
  for (let at = 0; at < ids.length; at += limit) {
    const batch = await mapInBatches(ids.slice(at, at + limit), (id) => findSignIn(deps, id))
    for (const signIn of batch) {
      if (signIn === undefined || signIn.tenant !== tenant) continue
      const facts = factsOf(deps, signIn)
      const waits = isPending(signIn) && facts.status === 'signed-in'
      if (state !== undefined && facts.status !== state && !(state === 'pending' && waits)) continue
      if (signIns.length === limit) return { signIns, next: signIns.at(-1)!.signInId }
      signIns.push(facts)
    }
  }
  return { signIns, next: '' }
}
