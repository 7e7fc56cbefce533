/** How far a sign-in is, for the app that started it: state, verdicts, who signed in; no secret, no code. */
import { notFound } from '../../errors.js'
import type { SignInStatus, SignInTarget, Verdicts } from '../../model/sign-in.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findLane } from '../../rows/lane.js'
import { findSignIn, type StoredSignIn } from '../../rows/sign-ins.js'

export interface SignInFacts {
  signInId: string
  status: SignInStatus
  address: string
  kind: SignInTarget['kind']
  confirmation: SignInTarget['confirmation']
  /** User name of the account that signed in; empty before. */
  signedInAs: string
  /** Microsoft tenant of that account; empty before. */
  directory: string
  verdicts: Verdicts | null
  /** Code of the last refusal; empty when there was none. */
  refusal: string
  /** Ids once confirmed. */
  mailboxId: string
  connectionId: string
  createdAt: string
  expiresAt: string
}

/** As tried at the sign-in; a mail sent since shows more than that. */
export async function verdictsNow(deps: Toolbox, signIn: StoredSignIn): Promise<Verdicts | undefined> {
  const { verdicts, tenant, target } = signIn
  const mailboxId = signIn.mailboxId ?? target.mailboxId ?? ''
  if (verdicts?.sending.verdict !== 'not-tested' || signIn.status !== 'confirmed' || mailboxId === '') return verdicts
  const lane = await findLane(deps, { tenant, mailboxId })
  // What left before this sign-in says nothing about the authority it gained.
  return (lane?.lastSuccess ?? 0) > Date.parse(signIn.createdAt)
    ? { ...verdicts, sending: { verdict: 'works' } }
    : verdicts
}

export async function describeSignIn(deps: Toolbox, tenant: string, id: string): Promise<SignInFacts> {
  const signIn = await findSignIn(deps, id)
  if (signIn === undefined || signIn.tenant !== tenant) throw notFound('sign-in')
  return { ...factsOf(deps, signIn), verdicts: (await verdictsNow(deps, signIn)) ?? null }
}

export function factsOf(deps: Toolbox, signIn: StoredSignIn): SignInFacts {
  const over = signIn.expiresAt <= deps.clock.now() && signIn.status !== 'confirmed' && signIn.status !== 'cancelled'
  // What a confirmation is going to make does not exist before it is confirmed.
  const idOf = (name: 'mailboxId' | 'connectionId'): string =>
    signIn.target[name] ?? (signIn.status === 'confirmed' ? (signIn[name] ?? '') : '')
  return {
    signInId: signIn.id,
    status: over ? 'expired' : signIn.status,
    address: signIn.target.address,
    kind: signIn.target.kind,
    confirmation: signIn.target.confirmation,
    signedInAs: signIn.identity?.username ?? '',
    directory: signIn.identity?.tenantId ?? '',
    verdicts: signIn.verdicts ?? null,
    refusal: signIn.refusal,
    mailboxId: idOf('mailboxId'),
    connectionId: idOf('connectionId'),
    createdAt: signIn.createdAt,
    expiresAt: new Date(signIn.expiresAt).toISOString(),
  }
}
