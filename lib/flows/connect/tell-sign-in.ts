/**
 * What others hear of a sign-in: that one waits for a tenant administrator, as an event and as a card that says who
 * signed in and until when; and how one ended without a mailbox. The card goes with the sign-in. A person may try, and
 * be refused, many times: each reason is told once.
 */
import { GatewayError } from '../../errors.js'
import { hashId } from '../../model/ids.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, raiseAttention } from '../../rows/attention.js'
import { type StoredSignIn, stepSignIn } from '../../rows/sign-ins.js'
import { emitEvent } from '../tell/emit-event.js'

/** Waits for an administrator: only these have a card. */
export const isPending = ({ status, target }: Pick<StoredSignIn, 'status' | 'target'>): boolean =>
  status === 'signed-in' && target.confirmation === 'tenant-admin'

/** Safe to repeat; the sweep does when a crash came between. */
export async function tellPending(deps: Toolbox, signIn: StoredSignIn): Promise<void> {
  const { id, tenant, target, identity, provider } = signIn
  const nameless = provider === 'basic' ? 'somebody with the password of the mailbox' : 'somebody'
  const until = new Date(signIn.expiresAt).toISOString()
  const who = identity?.username || nameless
  const what =
    target.kind === 'admin-consent'
      ? 'consented to the application for the whole organisation'
      : `signed in for ${target.address}`
  const waits = new GatewayError('sign_in_pending', 'needs-admin', {
    hint: 'tenant',
    description: `${who} ${what}. Nothing is connected until an administrator confirms it.`,
    remedy: `Check that this is the right person, then confirm or reject it. It expires at ${until.slice(0, 10)} ${until.slice(11, 16)} UTC.`,
  })
  await raiseAttention(deps, { tenant, kind: 'sign-in', id, subject: target.address || who }, waits)
  await emitEvent(deps, {
    tenant,
    type: 'sign-in.pending',
    id: hashId('sign-in.pending', id),
    data: {
      signInId: id,
      kind: target.kind,
      confirmUntil: until,
    },
  })
  await stepSignIn(deps, signIn, { told: true })
}

export type SignInEnd = 'refused' | 'cancelled' | 'rejected' | 'expired'

/** `refused` leaves the link usable; the others are the end. */
export async function tellEnded(
  deps: Toolbox,
  signIn: StoredSignIn,
  { state, code }: { state: SignInEnd; code: string },
): Promise<void> {
  const { id, tenant, target } = signIn
  await clearAttention(deps, { tenant, kind: 'sign-in', id })
  // A link that a refusal made for an administrator has an id nobody was given.
  if (target.kind === 'admin-consent' && target.address !== '') return
  const eventId = hashId('sign-in.ended', id, state, code)
  await emitEvent(deps, {
    tenant,
    type: 'sign-in.ended',
    id: eventId,
    data: { signInId: id, kind: target.kind, state, code },
  })
}
