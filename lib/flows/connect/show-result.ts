/**
 * The page after the sign-in: what works, said apart for signing in, reading and sending, and what happens next. The
 * one-time result code stands only in the link back to the app, and only for the browser that signed in (SEC-04); the
 * link is built from the registered return URL, never from anything in a request (SEC-10).
 */
import type { SignInStatus, SignInTarget, Verdicts } from '../../model/sign-in.js'
import type { ConnectDependencies } from './connect-dependencies.js'
import { signInProblem } from './sign-in-problems.js'
import { assertOpen, isSameBrowser, type StoredSignIn, sealPlace, signInOfLink } from './sign-in-row.js'

export interface ResultView {
  status: SignInStatus
  tenantName: string
  target: SignInTarget
  signedInAs: string
  verdicts: Verdicts
  /** Back to the app with the result code; absent when there is no app to return to. */
  returnTo?: string
}

export async function showResult(
  deps: ConnectDependencies,
  link: string,
  browser: string | undefined,
): Promise<ResultView> {
  const signIn = await signInOfLink(deps, link)
  if (signIn.status !== 'signed-in' && signIn.status !== 'confirmed') {
    assertOpen(deps, signIn)
    throw signInProblem('sign_in_open')
  }
  if (!isSameBrowser(signIn, browser)) throw signInProblem('sign_in_used')
  if (signIn.status === 'signed-in' && signIn.expiresAt <= deps.clock.now()) throw signInProblem('flow_expired')
  const untested = { verdict: 'not-tested' } as const
  // An administrator has the word now: there is nothing for the application to finish.
  const returnTo = signIn.row['needsAdmin'] === true ? undefined : await returnLink(deps, signIn)
  return {
    status: signIn.status,
    tenantName: signIn.tenantName,
    target: signIn.target,
    signedInAs: signIn.identity?.username ?? '',
    verdicts: signIn.verdicts ?? { signIn: untested, reading: untested, sending: untested },
    ...(returnTo ? { returnTo } : {}),
  }
}

/** The registered return URL, with the result code when there is one. */
export async function returnLink(
  deps: ConnectDependencies,
  { id, tenant, returnUrl, row: signInRow }: StoredSignIn,
): Promise<string | undefined> {
  if (returnUrl === '') return undefined
  const sealed = String(signInRow['resultSealed'] ?? '')
  const row = await deps.tables.get(deps.names.table('tenants'), tenant, `returnurl~${returnUrl}`)
  if (row === undefined) return undefined
  const url = new URL(String(row['url']))
  if (sealed !== '')
    url.searchParams.set('result', `${id}.${(await deps.sealer()).open(sealed, sealPlace(id, 'resultSealed'))}`)
  return url.href
}
