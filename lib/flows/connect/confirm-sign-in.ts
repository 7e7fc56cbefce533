/**
 * A sign-in counts only when somebody with the tenant's authority says so: the app that started it, with the binding of
 * its user's session and the one-time code from the return URL; a tenant administrator; or, in advance, the
 * administrator who made the link for one exact identity.
 */
import { conflict, GatewayError, notFound } from '../../errors.js'
import { sha256 } from '../../model/ids.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { sameText } from '../../protocol/same-text.js'
import { findSignIn, type StoredSignIn } from '../../rows/sign-ins.js'
import { type Confirmed, confirmationRunning, confirmNow, isBegun } from './confirm-now.js'
import { isPending } from './tell-sign-in.js'

/**
 * Redeems the result code. Errors: `not_found`, `binding_mismatch`, `result_code_invalid`, `sign_in_not_ready`,
 * `sign_in_used`.
 */
export async function confirmSignIn(
  deps: Toolbox,
  tenant: string,
  { id, ...input }: { id: string; code: string; binding: string },
): Promise<Confirmed> {
  const signIn = await ownSignIn(deps, tenant, id)
  if (signIn.target.confirmation !== 'result-code') throw notReady()
  // Binding and code are gone by then: an app whose first answer got lost must not read that it was somebody else.
  if (isDone(signIn)) throw used()
  if (!sameText(sha256(input.binding), signIn.bindingHash))
    throw refusal(
      'binding_mismatch',
      'Another session of your application started this sign-in.',
      'The user who started it must finish it.',
    )
  assertReady(deps, signIn)
  // The return URL carries `{id}.{code}`; both forms are accepted.
  const code = input.code.startsWith(`${id}.`) ? input.code.slice(id.length + 1) : input.code
  if (!sameText(sha256(code), signIn.resultHash))
    throw refusal('result_code_invalid', 'The result code is wrong.', 'Pass the code from the return URL unchanged.')
  return confirmNow(deps, signIn)
}

/** A tenant administrator looked at who signed in and agrees. */
export async function confirmByAdmin(deps: Toolbox, tenant: string, id: string): Promise<Confirmed> {
  const signIn = await ownSignIn(deps, tenant, id)
  // The app's user must bring the result code: an administrator cannot know who sat at that browser.
  if (signIn.target.confirmation === 'result-code') throw notReady()
  assertReady(deps, signIn)
  return confirmNow(deps, signIn)
}

/** One that waits for an administrator. */
export async function pendingSignIn(deps: Toolbox, tenant: string, id: string): Promise<StoredSignIn> {
  const signIn = await ownSignIn(deps, tenant, id)
  assertReady(deps, signIn)
  if (signIn.status === 'confirmed') throw used()
  if (!isPending(signIn)) throw notReady()
  // An administrator has agreed, and parts of the mailbox may be there: whoever rejected it now would be told a lie.
  if (isBegun(signIn)) throw confirmationRunning()
  return signIn
}

async function ownSignIn(deps: Toolbox, tenant: string, id: string): Promise<StoredSignIn> {
  const signIn = await findSignIn(deps, id)
  if (signIn === undefined || signIn.tenant !== tenant) throw notFound('sign-in')
  return signIn
}

function assertReady(deps: Toolbox, signIn: StoredSignIn): void {
  if (isDone(signIn)) throw used()
  if (isBegun(signIn)) return
  if (signIn.status !== 'signed-in' || signIn.expiresAt <= deps.clock.now()) throw notReady()
}

const isDone = ({ status, done }: StoredSignIn): boolean => status === 'confirmed' && done

const used = (): GatewayError =>
  conflict('sign_in_used', 'This sign-in is already confirmed.', 'Read the sign-in to see its mailbox.')

const notReady = (): GatewayError =>
  conflict(
    'sign_in_not_ready',
    'There is nothing to confirm here.',
    'Read the state of the sign-in; if it has ended, start a new one.',
  )

function refusal(code: string, description: string, remedy: string): GatewayError {
  return new GatewayError(code, 'permanent', { status: 403, description, remedy })
}
