/**
 * The page after the sign-in: what works, said apart for signing in, reading and sending, and what happens next; or why
 * the last attempt of this browser was refused, who can help, and the ways on. The one-time result code stands only in
 * the link back to the app, and only for the browser that signed in (SEC-04).
 */
import { mayBeShared } from '../../model/link-ways.js'
import { signInPages } from '../../model/providers.js'
import type { AttemptProblem, SignInStatus, SignInTarget, Verdicts } from '../../model/sign-in.js'
import { signInProblem } from '../../model/sign-in-problems.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { getSignInOfLink, isSameBrowser } from '../../rows/sign-ins.js'
import { assertOpen } from './assert-open.js'
import { verdictsNow } from './describe-sign-in.js'
import { readProblem } from './keep-problem.js'
import { returnLink } from './return-link.js'
import { approvalLink } from './start-admin-consent.js'

export interface ResultView {
  status: SignInStatus
  tenantName: string
  target: SignInTarget
  signedInAs: string
  verdicts: Verdicts
  /** Milliseconds: until when it can be confirmed. */
  until: number
  /** Back to the app with the result code; absent when there is no app to return to. */
  returnTo?: string
}

export interface RefusalView {
  refused: AttemptProblem
  /** Path of the page to try again. */
  retry: string
  /** Link for an administrator, when consent is what is missing. */
  approval?: string
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
  return {
    status: signIn.status,
    tenantName: signIn.tenantName,
    target: signIn.target,
    signedInAs: signIn.identity?.username ?? '',
    verdicts: (await verdictsNow(deps, signIn)) ?? { signIn: untested, reading: untested, sending: untested },
    until: signIn.expiresAt,
    ...(returnTo ? { returnTo } : {}),
  }
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
  const approval = needsApproval(refused) ? await approvalLink(deps, signIn).catch(() => undefined) : undefined
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
    ...(approval ? { approval } : {}),
    ...(returnTo ? { returnTo } : {}),
    ...(isOther ? { maybeShared: signIn.target.address } : {}),
  }
}

/**
 * Consent is what is missing, and an administrator can give it for everybody. That a person declined counts too:
 * whoever may not consent sees a page at Microsoft whose only way on is back, and Microsoft reports that as declined.
 */
const needsApproval = ({ hint }: AttemptProblem): boolean => hint === 'consent'
