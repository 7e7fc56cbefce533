/**
 * The first page: before anything is asked of the mailbox owner, it names who asks, for which mailbox and for which
 * rights, and suggests a provider with the evidence for it. It binds the browser: a cookie of ours, and a form token
 * made from it, so that the next step can only be taken from this page in this browser (SEC-03, SEC-04).
 */

import { newSecret, sha256 } from '../../model/ids.js'
import type { SignInTarget } from '../../model/sign-in.js'
import type { Discovered } from '../../ports/discovery.js'
import { sameText } from '../../protocol/same-text.js'
import type { ConnectDependencies } from './connect-dependencies.js'
import { discoverProvider } from './discover-provider.js'
import { signInProblem } from './sign-in-problems.js'
import { assertOpen, isSameBrowser, type StoredSignIn, signInOfLink } from './sign-in-row.js'

export interface LinkView {
  tenantName: string
  target: SignInTarget
  /** Who should sign in: the mailbox itself, or the delegate of a shared one. */
  signInAs: string
  discovered: Discovered
  /** Providers a person can choose here. */
  microsoft: boolean
  /** Whoever made the link chose the provider: nothing was looked up, and there is no other way. */
  forced: boolean
  /** Origins the provider's button leads to, for the content security policy of this one page. */
  formTargets: string[]
  /** Value of the browser cookie: the one that came along, or a fresh one. */
  browser: string
  formToken: string
}

/** `finished`: URL of the result, for the browser that signed in and came back to the link. */
export async function showLink(
  deps: ConnectDependencies,
  link: string,
  browser: string | undefined,
): Promise<LinkView | { finished: string }> {
  const signIn = await signInOfLink(deps, link)
  const isFinished = signIn.status === 'signed-in' || signIn.status === 'confirmed'
  if (isFinished && isSameBrowser(signIn, browser))
    return { finished: `${deps.settings.publicBaseUrl}/connect/${link}/result` }
  assertOpen(deps, signIn)
  return viewOf(deps, signIn, browser)
}

export async function viewOf(
  deps: ConnectDependencies,
  signIn: StoredSignIn,
  browser: string | undefined,
): Promise<LinkView> {
  const [discovered, registrations] = await Promise.all([
    isForced(signIn) ? forced(signIn) : discoverProvider(deps.discovery, signIn.target.address),
    deps.listRegistrations(signIn.tenant),
  ])
  const microsoft = registrations.filter((one) => one.kind === 'microsoft')
  const value = isBrowser(browser) ? browser : newSecret()
  return {
    tenantName: signIn.tenantName,
    target: signIn.target,
    signInAs: signIn.target.expectedUser ?? signIn.target.address,
    discovered,
    microsoft: microsoft.length > 0,
    forced: microsoft.length > 0 && isForced(signIn),
    formTargets: [...new Set(microsoft.map((one) => originOf(deps, one.authority)))],
    browser: value,
    formToken: formToken(signIn.id, value),
  }
}

/** Graph is Microsoft's alone. A mailbox that is connected already may be switched to another provider. */
const isForced = ({ target }: StoredSignIn): boolean => target.kind === 'connect' && target.transport === 'graph'

const forced = ({ tenantName }: StoredSignIn): Discovered => ({
  provider: 'microsoft',
  evidence: `${tenantName} asks for this mailbox at Microsoft.`,
})

function originOf(deps: ConnectDependencies, authority: string): string {
  const { origin } = new URL(authority)
  return deps.settings.origins?.[origin] ?? origin
}

const isBrowser = (value: string | undefined): value is string => value !== undefined && /^[a-z2-7]{32}$/.test(value)

/** Only a page that was shown to this browser can know it: the cookie is unreadable to scripts and other sites. */
const formToken = (signInId: string, browser: string): string => sha256(`form~${signInId}~${browser}`)

/** The open sign-in of a form post from our own page; anything else is refused before it has an effect. */
export async function signInOfForm(
  deps: ConnectDependencies,
  input: { link: string; browser: string | undefined; formToken: string },
): Promise<{ signIn: StoredSignIn; browser: string }> {
  const signIn = await signInOfLink(deps, input.link)
  const { browser } = input
  if (!isBrowser(browser) || !sameText(input.formToken, formToken(signIn.id, browser)))
    throw signInProblem('form_expired')
  assertOpen(deps, signIn)
  return { signIn, browser }
}
