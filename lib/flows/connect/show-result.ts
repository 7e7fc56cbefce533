/**
 * The page after the sign-in: what works, said apart for signing in, reading and sending, and what happens next; or why
 * the last attempt of this browser was refused, who can help, and the ways on. The one-time result code stands only in
 * the link back to the app, and only for the browser that signed in (SEC-04).
 */
import { maySendFirst, wholeTarget } from '../../model/later-receiving.js'
import { mayBeShared } from '../../model/link-ways.js'
import { signInPages } from '../../model/providers.js'
import type { AttemptProblem, SignInStatus, SignInTarget, Verdicts } from '../../model/sign-in.js'
import { signInProblem } from '../../model/sign-in-problems.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findMailbox } from '../../rows/mailboxes.js'
import { findRegistration } from '../../rows/registrations.js'
import { getSignInOfLink, isSameBrowser, type StoredSignIn } from '../../rows/sign-ins.js'
import { listUsableRegistrations } from '../tokens/registrations.js'
import { assertOpen } from './assert-open.js'
import { verdictsNow } from './describe-sign-in.js'
import { formToken } from './form-token.js'
import { readProblem } from './keep-problem.js'
import { returnLink } from './return-link.js'
import { formTargetsOf } from './show-link.js'
import { approvalLink } from './start-admin-consent.js'

export interface ResultView {
  status: SignInStatus
  tenantName: string
  target: SignInTarget
  signedInAs: string
  verdicts: Verdicts
  /** Milliseconds: until when it can be confirmed. */
  until: number
  /** What Exchange has to be told besides, of an application that uses IMAP and SMTP by itself. */
  exchange?: { clientId: string; objectId: string }
  /** Back to the app with the result code; absent when there is no app to return to. */
  returnTo?: string
  /** Link for an administrator, where reading waits for one. */
  approval?: string
}

export interface RefusalView {
  refused: AttemptProblem
  /** Path of the page to try again. */
  retry: string
  /** Link for an administrator, when consent is what is missing. */
  approval?: string
  /** Sending needs none: it can be connected now. */
  sendFirst?: { action: string; formToken: string; provider: string; tenantName: string }
  /** Origins that a form of this page may end at. */
  formTargets?: string[]
  /** What somebody else has to know to repair it, where no link does it for them. */
  handOver?: { to: 'administrator' | 'operator'; application: string; clientId: string; account: string }
  returnTo?: string
  /** The mailbox, when a shared one would explain the refusal. */
  maybeShared?: string
}

export async function showResult(deps: Toolbox, link: string, browser: string | undefined): Promise<ResultView> {
  const signIn = await getSignInOfLink(deps, link)
  if (signIn.status !== 'signed-in' && signIn.status !== 'confirmed') {
    assertOpen(deps, signIn)
    throw signInProblem('sign_in_open')
  }
  if (!isSameBrowser(signIn, browser)) throw signInProblem('sign_in_used')
  if (signIn.status === 'signed-in' && signIn.expiresAt <= deps.clock.now()) throw signInProblem('flow_expired')
  const untested = { verdict: 'not-tested' } as const
  // An administrator has the word now: there is nothing for the application to finish.
  const returnTo = signIn.needsAdmin ? undefined : await returnLink(deps, signIn)
  const exchange = await exchangeOf(deps, signIn)
  const verdicts = (await verdictsNow(deps, signIn)) ?? { signIn: untested, reading: untested, sending: untested }
  // What waited for an administrator may have been approved since.
  const isApproved = signIn.target.later !== undefined && (await receivesNow(deps, signIn))
  return {
    ...(exchange ? { exchange } : {}),
    status: signIn.status,
    tenantName: signIn.tenantName,
    target: isApproved ? wholeTarget(signIn.target) : signIn.target,
    signedInAs: signIn.identity?.username ?? '',
    verdicts: isApproved ? { ...verdicts, reading: { verdict: 'works' } } : verdicts,
    until: signIn.expiresAt,
    ...(returnTo ? { returnTo } : {}),
    ...(signIn.target.later && !isApproved ? await linkForAdministrator(deps, signIn) : {}),
  }
}

async function exchangeOf(deps: Toolbox, signIn: StoredSignIn): Promise<ResultView['exchange']> {
  const { tenant, target, registrationId, applicationObject: objectId } = signIn
  if (target.consent !== 'app-only' || target.transport !== 'imap-smtp' || objectId === '') return undefined
  const registration = await findRegistration(deps, tenant, registrationId)
  return registration && { clientId: registration.clientId, objectId }
}

/** Of the last attempt of this browser, while the link is open. */
export async function showRefusal(
  deps: Toolbox,
  link: string,
  browser: string | undefined,
): Promise<RefusalView | undefined> {
  const signIn = await getSignInOfLink(deps, link)
  if (signIn.status !== 'refused') return undefined
  const refused = await readProblem(deps, signIn, browser)
  if (refused?.at !== 'page') return undefined
  assertOpen(deps, signIn)
  const approval = needsApproval(refused) ? await linkForAdministrator(deps, signIn) : {}
  const returnTo = await returnLink(deps, signIn, refused.code)
  const isOther =
    refused.code === 'mailbox_mismatch' &&
    mayBeShared(
      signIn.target,
      signInPages.filter((page) => page === signIn.provider),
    )
  return {
    refused,
    retry: `/connect/${link}`,
    ...approval,
    ...(approval.approval === undefined ? {} : await sendingFirst(deps, { signIn, link, browser: browser ?? '' })),
    ...(approval.approval === undefined ? await handOver(deps, signIn, refused) : {}),
    ...(returnTo ? { returnTo } : {}),
    ...(isOther ? { maybeShared: signIn.target.address } : {}),
  }
}

async function receivesNow(deps: Toolbox, { tenant, mailboxId = '' }: StoredSignIn): Promise<boolean> {
  const mailbox = mailboxId === '' ? undefined : await findMailbox(deps, tenant, mailboxId)
  return mailbox !== undefined && mailbox.receive.transport !== 'none'
}

async function linkForAdministrator(deps: Toolbox, signIn: StoredSignIn): Promise<{ approval?: string }> {
  const approval = await approvalLink(deps, signIn).catch(() => undefined)
  return approval === undefined ? {} : { approval }
}

/** Whose turn it is, when it is neither the person's at the page nor a matter of consent. */
async function handOver(
  deps: Toolbox,
  { tenant, registrationId, target, identity }: StoredSignIn,
  refused: AttemptProblem,
): Promise<Pick<RefusalView, 'handOver'>> {
  const to = { tenant: 'administrator', operator: 'operator' } as const
  const hint = refused.hint as keyof typeof to
  if (refused.class !== 'needs-admin' || !Object.hasOwn(to, hint)) return {}
  const used = (await listUsableRegistrations(deps, tenant)).find(({ id }) => id === registrationId)
  if (used === undefined) return {}
  const account = identity?.username ?? target.expectedUser ?? target.address
  return { handOver: { to: to[hint], application: used.name, clientId: used.clientId, account } }
}

/** Not after an attempt for sending alone: then an administrator is needed for that too. */
async function sendingFirst(
  deps: Toolbox,
  { signIn, link, browser }: { signIn: StoredSignIn; link: string; browser: string },
): Promise<Pick<RefusalView, 'sendFirst' | 'formTargets'>> {
  const { target, provider, tenantName, tenant } = signIn
  if (target.later !== undefined || !maySendFirst(target)) return {}
  const usable = (await listUsableRegistrations(deps, tenant)).filter(({ kind }) => kind === provider)
  const token = formToken(signIn.id, browser)
  return {
    sendFirst: { action: `/connect/${link}`, formToken: token, provider, tenantName },
    formTargets: await formTargetsOf(deps, signIn, usable),
  }
}

/**
 * Consent is what is missing, and an administrator can give it for everybody. That a person declined counts too:
 * whoever may not consent sees a page at Microsoft whose only way on is back, and Microsoft reports that as declined.
 */
const needsApproval = ({ hint }: AttemptProblem): boolean => hint === 'consent'
