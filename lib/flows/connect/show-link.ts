/**
 * The first page: before anything is asked of the mailbox owner, it names who asks, for which mailbox and for which
 * rights, and offers the ways that this link accepts: for a new mailbox with a suggestion and the evidence for it, for
 * a connected one as it was connected. It binds the browser: a cookie of ours, and a form token
 * made from it, so that the next step can only be taken from this page in this browser (SEC-03, SEC-04).
 */

import { newSecret } from '../../model/ids.js'
import { maySendFirst, wholeTarget } from '../../model/later-receiving.js'
import { mayBeShared, pagesOf, type Way } from '../../model/link-ways.js'
import type { ServerAddress } from '../../model/mailbox.js'
import { providerFacts, type SignInProvider, signInPages } from '../../model/providers.js'
import type { AttemptProblem, SignInTarget } from '../../model/sign-in.js'
import { acceptedRegistrations, choicesAmong, type SignInChoice } from '../../model/sign-in-choices.js'
import type { Discovered, DiscoveredServer } from '../../ports/discovery.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { getSignInOfLink, isSameBrowser, type StoredSignIn } from '../../rows/sign-ins.js'
import { providerOf } from '../tokens/provider-of.js'
import { listUsableRegistrations, type RegistrationFacts } from '../tokens/registrations.js'
import { assertOpen } from './assert-open.js'
import { discoverProvider } from './discover-provider.js'
import { formToken, isBrowser } from './form-token.js'
import { readProblem } from './keep-problem.js'
import { assertWay, type LinkFacts, storedServers } from './link-ways.js'
import { returnLink } from './return-link.js'

export interface LinkView {
  tenantName: string
  target: SignInTarget
  /** Who should sign in: the mailbox itself, or the delegate of a shared one. */
  signInAs: string
  discovered: Discovered
  /** Ways this link accepts. */
  ways: readonly Way[]
  /** Those of other people's making among them that are set up. */
  pages: SignInProvider[]
  /** What the first of them asks for, as its own pages name it. */
  permissions: string[]
  /** What people can choose among those. */
  choices: SignInChoice[]
  /** Origins the provider's button leads to, for the content security policy of this one page. */
  formTargets: string[]
  /** Value of the browser cookie: the one that came along, or a fresh one. */
  browser: string
  formToken: string
  /** It may be connected for sending first, while reading waits for an administrator. */
  maySendFirst: boolean
  /** What was wrong with the form that this browser sent before. */
  problem?: AttemptProblem
  /** The person may say that the mailbox is a shared one; `confirmed`: an administrator has to agree then. */
  sharedOffer?: 'confirmed' | 'open'
}

/** `finished`: URL of the result, for the browser that signed in and came back to the link. */
export async function showLink(
  deps: Toolbox,
  link: string,
  browser: string | undefined,
): Promise<LinkView | { finished: string }> {
  const signIn = await getSignInOfLink(deps, link)
  const isFinished = signIn.status === 'signed-in' || signIn.status === 'confirmed'
  if (isFinished && isSameBrowser(signIn, browser))
    return { finished: `${deps.config.publicBaseUrl}/connect/${link}/result` }
  assertOpen(deps, signIn)
  return viewOf(deps, signIn, browser)
}

export async function viewOf(deps: Toolbox, signIn: StoredSignIn, browser: string | undefined): Promise<LinkView> {
  const facts = await assertWay(deps, signIn)
  const target = wholeTarget(signIn.target)
  const { ways, renewed } = facts
  const [discovered, registrations] = await Promise.all([
    known(signIn, facts) ?? discoverProvider(deps.discovery, signIn.target.address),
    listUsableRegistrations(deps, signIn.tenant),
  ])
  const isConsent = signIn.target.kind === 'admin-consent'
  const accepted = isConsent ? signInPages.filter((page) => deps.providers[page]?.organisations) : pagesOf(ways)
  const usable = acceptedRegistrations(signIn, accepted, registrations)
  const pages = accepted.filter((page) => usable.some(({ kind }) => kind === page))
  const problem = await readProblem(deps, signIn, browser)
  const value = isBrowser(browser) ? browser : newSecret()
  return {
    tenantName: signIn.tenantName,
    target,
    maySendFirst: maySendFirst(target) && pages.some((page) => deps.providers[page]?.organisations !== undefined),
    signInAs: signIn.target.expectedUser ?? (renewed?.username || signIn.target.address),
    discovered,
    ways,
    pages,
    choices: choicesAmong(usable),
    permissions: permissionsOf(deps, target, usable[0]),
    formTargets: await formTargetsOf(deps, signIn, usable),
    ...(problem?.at === 'form' ? { problem } : {}),
    ...(mayBeShared(signIn.target, accepted) ? { sharedOffer: sharedOffer(signIn.target) } : {}),
    browser: value,
    formToken: formToken(signIn.id, value),
  }
}

/** A provider may answer without a page of its own, and the application is the end of the way. */
export async function formTargetsOf(
  deps: Toolbox,
  signIn: StoredSignIn,
  usable: readonly RegistrationFacts[],
): Promise<string[]> {
  const back = signIn.target.confirmation === 'result-code' ? await returnLink(deps, signIn) : undefined
  const providers = usable.flatMap((one) => pageSources(deps, one))
  return [...new Set([...providers, ...(back === undefined ? [] : [new URL(back).origin])])]
}

/** A link for one exact identity does not confirm another one: an administrator decides. */
const sharedOffer = ({ confirmation }: SignInTarget): 'confirmed' | 'open' =>
  confirmation === 'result-code' ? 'open' : 'confirmed'

/** What needs no look-up: there is one way, or the mailbox is connected and its servers are known. */
function known({ tenantName, target }: StoredSignIn, facts: LinkFacts): Discovered | undefined {
  const [only, ...more] = facts.ways
  const [page] = pagesOf(facts.ways)
  if (page !== undefined && page === only && more.length === 0)
    return {
      provider: page,
      evidence: `${tenantName} asks for this mailbox at ${providerFacts[page].label}.`,
      about: { by: 'asked', domain: tenantName, host: providerFacts[page].label },
    }
  if (target.kind === 'admin-consent') return { provider: 'unknown', evidence: '' }
  const { imap, smtp } = storedServers(facts)
  const host = imap?.host ?? smtp?.host
  if (host === undefined) return undefined
  const evidence = `This mailbox was connected at ${host}.`
  return {
    provider: 'basic',
    evidence,
    about: { by: 'stored', domain: '', host },
    ...(imap ? { imap: encrypted(imap) } : {}),
    ...(smtp ? { smtp: encrypted(smtp) } : {}),
  }
}

/** A password is never sent in clear text again, whatever was stored. */
const encrypted = ({ host, port, tls }: ServerAddress): DiscoveredServer => ({
  host,
  port,
  tls: tls === 'implicit' ? 'implicit' : 'starttls',
})

const permissionsOf = (deps: Toolbox, target: SignInTarget, registration: RegistrationFacts | undefined): string[] =>
  registration === undefined
    ? []
    : providerOf(deps, registration.kind).plan(target, registration.authority, registration).permissions

const pageSources = (deps: Toolbox, registration: RegistrationFacts): string[] =>
  providerOf(deps, registration.kind)
    .pageSources(registration)
    .map((source) => deps.config.origins[source] ?? source)
