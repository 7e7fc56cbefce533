/**
 * The one place where an answer of the provider is believed. In order: the hand-off cookie opens and is fresh; the
 * state is the row's; this browser is the one that began (else the state is invalidated and nothing redeemed); the state is
 * consumed by one conditional update, so that of twenty parallel attempts one goes on. Then: an error of the provider
 * wins over a code; the issuer must be the expected one; the code is redeemed; a refresh token and the mail permissions
 * must be there; the account must be the right one. Only then is the authority tried out and sealed. Every refusal
 * leaves the link usable for another try until it expires.
 */
import { asGatewayError, GatewayError } from '../../errors.js'
import type { Identity } from '../../model/connection.js'
import type { MailboxGrant } from '../../model/grant.js'
import { sha256 } from '../../model/ids.js'
import { readingAwaitsApproval } from '../../model/later-receiving.js'
import type { Registration } from '../../model/registration.js'
import type { SignInTarget, Verdict, Verdicts } from '../../model/sign-in.js'
import { signInProblem } from '../../model/sign-in-problems.js'
import type { RegisteredClient } from '../../ports/memory.js'
import type { TokenSet } from '../../ports/provider.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { sameAddress } from '../../protocol/mail-address.js'
import { sameText } from '../../protocol/same-text.js'
import { sealKeys } from '../../rows/seal-keys.js'
import {
  findSignIn,
  findSignInOfBrowser,
  isSameBrowser,
  pathOfLink,
  type StoredSignIn,
  stepSignIn,
} from '../../rows/sign-ins.js'
import { providerOf } from '../tokens/provider-of.js'
import { findClient, hasOwnCallback, listUsableRegistrations } from '../tokens/registrations.js'
import { judgeConsent } from './admin-consent.js'
import { redeemAnswer } from './authorize-leg.js'
import { assertIssuer, assertOwnCallback } from './check-answer.js'
import { assertWorkAccount, checkIdentity } from './check-identity.js'
import { checkTokens, consentedScopes } from './check-tokens.js'
import { finishSignIn } from './finish-sign-in.js'
import { heardOf } from './heard-of.js'
import { refusedSwitch } from './judge-servers.js'
import { problemColumns, problemOf } from './keep-problem.js'
import { assertWay } from './link-ways.js'
import { logRefusal } from './log-refusal.js'
import { planSignIn, serversNotNamed } from './plan-sign-in.js'
import { isDirectoryOf } from './prove-address.js'
import { providerError } from './provider-error.js'
import { handOffPlace, type ReturnedAnswer, type ReturnedSignIn } from './return-callback.js'
import { afterSignIn, isOver } from './return-link.js'
import { tellEnded } from './tell-sign-in.js'
import { tryOut } from './try-out.js'

export interface CompleteInput {
  /** First 8 characters of the sign-in id, from our own redirect. */
  short: string
  /** Value of the hand-off cookie, absent when there was none. */
  handOff: string | undefined
  browser: string | undefined
  /** Of this call; the page of a refusal shows it. */
  requestId: string
}

export type Completed =
  | { outcome: 'signed-in' | 'onward'; location: string }
  /**
   * `location`: the page that says why, for the browser whose attempt it was. Without one nothing is known of an
   * attempt here; `retry`: path of the page to try again, for the browser that began only.
   */
  | { outcome: 'refused'; error: GatewayError; retry?: string; location?: string }

const redeemingMs = 2 * 60_000

export async function completeSignIn(deps: Toolbox, input: CompleteInput): Promise<Completed> {
  let signIn: StoredSignIn | undefined
  let link = ''
  let isLate = false
  try {
    const answer = await openHandOff(deps, input)
    signIn = await findSignIn(deps, answer.state.split('.')[0] ?? '')
    if (signIn === undefined) throw signInProblem('state_mismatch')
    assertState(signIn, answer.state, input.browser)
    if (!isSameBrowser(signIn, input.browser)) throw await invalidateState(deps, signIn)
    link = await pathOfLink(deps, signIn)
    isLate = signIn.stageUntil <= deps.clock.now()
    await stepSignIn(deps, signIn, { status: 'returned', stateHash: '', stageUntil: deps.clock.now() + redeemingMs })
  } catch (error) {
    return notCounted(deps, { ...input, signIn }, error)
  }
  // From here on this attempt owns the row.
  try {
    if (isLate) throw signInProblem('flow_expired')
    const answer = await openHandOff(deps, input)
    const onward = await judge(deps, { signIn, answer }, input.browser ?? '')
    if (onward !== undefined) return { outcome: 'onward', location: onward }
    return { outcome: 'signed-in', location: await afterSignIn(deps, signIn, link) }
  } catch (error) {
    const failure = asGatewayError(error)
    const answered = await refused(deps, { signIn, link, requestId: input.requestId }, failure)
    // Refused by the confirmation, which has told so.
    const isTold = signIn.status === 'refused'
    if (signIn.status !== 'returned' && !isTold) return answered
    const problem = problemOf(failure, { at: 'page', requestId: input.requestId })
    try {
      await stepSignIn(deps, signIn, {
        status: 'refused',
        refusal: failure.code,
        verifierSealed: '',
        nonceSealed: '',
        sealedReturn: '',
        ...(await problemColumns(deps, { id: signIn.id, browser: input.browser ?? '' }, problem)),
      })
    } catch {
      return answered
    }
    if (!isTold) await tellEnded(deps, signIn, { state: 'refused', code: failure.code }).catch(() => undefined)
    return { ...answered, location: `${deps.config.publicBaseUrl}${link}/result` }
  }
}

async function judge(deps: Toolbox, returned: ReturnedSignIn, browser: string): Promise<string | undefined> {
  const { signIn, answer } = returned
  const isConsent = signIn.target.kind === 'admin-consent'
  const facts = await assertWay(deps, signIn, isConsent ? 'admin-consent' : signIn.provider)
  const { renewed } = facts
  assertOwnCallback(signIn, answer)
  if (answer.error !== '') throw await saidNo(deps, signIn, answer)
  const { registration, credential } = await findClient(deps, { tenant: signIn.tenant, id: signIn.registrationId })
  const provider = providerOf(deps, registration.kind)
  await assertIssuer({ provider, registration }, answer)
  if (isConsent) return judgeConsent(deps, returned, { provider, registration, credential, browser })
  const plan = await planSignIn(deps, { provider, registration, facts }, signIn.target)
  const redeemWith = (client: RegisteredClient): Promise<TokenSet> =>
    redeemAnswer(deps, returned, { provider, ...client, scopes: plan.token })
  const redeemed = redeemWith({ registration, credential }).catch(async (error: unknown) => {
    // A client that is refused has not used up the code; its secret may have been rotated a moment ago (M-081).
    if (asGatewayError(error).class !== 'needs-admin') throw error
    const now = await findClient(deps, { tenant: signIn.tenant, id: signIn.registrationId }, { fresh: true })
    if (now.registration.secretName === registration.secretName) throw namingRedirect(error, registration)
    return redeemWith(now)
  })
  const tokens = await heardOf(deps, { tenant: signIn.tenant, registration }, redeemed)
  const refreshToken = checkTokens(provider, plan, tokens)
  const { addresses = [] } = tokens
  const isNobody = tokens.identity === undefined && hasOwnCallback(registration.kind) && !renewed?.identity
  if (isNobody && plan.areServersFound) throw serversNotNamed()
  const identity = isNobody
    ? undefined
    : await checkIdentity(signIn.target, tokens.identity, {
        renewed,
        furtherAddresses: async () => [
          ...addresses,
          ...(await provider.accountAddresses({ registration, token: tokens.accessToken, resource: plan.resource })),
        ],
      })
  if (identity !== undefined) assertWorkAccount(signIn.target, identity, provider.organisations)
  const { receive, send } = plan
  const grant: MailboxGrant = {
    kind: 'oauth',
    resource: plan.resource,
    // Found once, and not looked for again: what was tested is what is connected.
    ...(plan.areServersFound ? { targets: { ...(receive && { receive }), ...(send && { send }) } } : {}),
    accessToken: tokens.accessToken.reveal(),
    expiresAt: tokens.expiresAt,
    refreshToken,
    scopes: consentedScopes(provider, plan, tokens.scopes),
    registrationId: registration.id,
    ...(tokens.identity ? { issuer: tokens.identity.issuer } : {}),
  }
  const tried = await tryOut(deps, signIn, grant)
  const verdicts = signIn.target.later ? { ...tried, reading: awaitsApproval(signIn.target) } : tried
  // The very account of before was judged when it was connected.
  const isKnown = renewed?.identity !== undefined && !signIn.target.allowChange?.includes('identity')
  const { address, expectedUser = address } = signIn.target
  const isProven = isKnown || (await isDirectoryOf({ provider, registration }, identity ?? {}, [address, expectedUser]))
  if (signIn.target.namedByOwner !== undefined) assertAccess(signIn.target, identity, verdicts)
  const refusal = renewed?.mode === 'password' ? refusedSwitch(verdicts, signIn.target) : undefined
  if (refusal) throw refusal
  const judged = isProven ? verdicts : { ...verdicts, signIn: notProven(signIn, identity) }
  const mayHold = isProven && !isKnown && identity !== undefined && speaksFor(signIn.target, identity, verdicts)
  const proof = { isProven: mayHold, needsAdmin: !isProven }
  await finishSignIn(deps, signIn, {
    grant,
    provider: registration.kind,
    verdicts: judged,
    browser,
    ...(identity && { identity }),
    ...proof,
  })
  return undefined
}

/** That the address belongs to who signed in is not known. */
const notProven = ({ target, tenantName }: StoredSignIn, identity: Identity | undefined): Verdict => ({
  verdict: 'fails',
  code: 'address_not_proven',
  text:
    identity === undefined
      ? `The sign-in service does not say who signed in, so nothing proves the address ${target.address}.`
      : `${identity.username} signed in, but the directory of this account does not prove the address ${target.address}.`,
  remedy: `An administrator of ${tenantName} must decide whether this is the right mailbox; until then nothing is connected.`,
})

function awaitsApproval({ address }: SignInTarget): Verdict {
  const { code, description, remedy } = readingAwaitsApproval(address)
  return { verdict: 'fails', code, text: description, remedy }
}

const mayOpen = ({ reading, sending }: Verdicts): boolean =>
  reading.verdict === 'works' || (sending.verdict === 'not-tested' && sending.opened === true)

/**
 * Is the mailbox the account's own, or did it open the one of this address? That both belong to one organisation is not
 * enough to keep others from it; nor is a mailbox that was opened under another name.
 */
function speaksFor({ address, mailboxUser }: SignInTarget, { username, alias }: Identity, verdicts: Verdicts): boolean {
  const isOwn = [username, alias].some((one) => one !== undefined && sameAddress(one, address))
  return isOwn || (mailboxUser === undefined && mayOpen(verdicts))
}

/**
 * Whoever named themselves for somebody else's mailbox must show that they may open it; that they own the name they
 * gave says nothing about the mailbox.
 */
function assertAccess({ address }: SignInTarget, identity: Identity | undefined, verdicts: Verdicts): void {
  if (mayOpen(verdicts)) return
  const { username = '' } = identity ?? {}
  throw new GatewayError('delegate_without_access', 'needs-admin', {
    hint: 'tenant',
    status: 403,
    values: { signedIn: username, address },
    description: `${username} signed in, but has no permission to open ${address}. Nothing was connected and nothing was kept.`,
    remedy: `Ask an administrator to give this account Full Access and Send As on ${address} in the Exchange admin center; the change can take an hour. Then open your link again.`,
  })
}

/**
 * After a page was reloaded or left half-way the browser that began finds the way back to its link; where that is over,
 * its own page says how it ended.
 */
async function notCounted(
  deps: Toolbox,
  { short, browser, requestId, signIn }: CompleteInput & { signIn: StoredSignIn | undefined },
  error: unknown,
): Promise<Completed> {
  const own = await findSignInOfBrowser(deps, short, browser).catch(() => undefined)
  const link = own === undefined ? '' : await pathOfLink(deps, own).catch(() => '')
  const answered = await refused(deps, { signIn, link, requestId }, error)
  if (own === undefined || link === '' || !isOver(deps, own)) return answered
  return { ...answered, location: `${deps.config.publicBaseUrl}${link}` }
}

async function openHandOff(deps: Toolbox, { short, handOff }: CompleteInput): Promise<ReturnedAnswer> {
  if (handOff === undefined) throw signInProblem('state_mismatch')
  let answer: ReturnedAnswer
  try {
    answer = JSON.parse((await sealKeys(deps)).open(handOff, handOffPlace(short)).toString()) as ReturnedAnswer
  } catch {
    throw signInProblem('state_mismatch')
  }
  if (answer.until <= deps.clock.now()) throw signInProblem('flow_expired')
  return answer
}

function assertState(signIn: StoredSignIn, state: string, browser: string | undefined): void {
  const [, secret = '', ...rest] = state.split('.')
  if (rest.length > 0) throw signInProblem('state_mismatch')
  if (signIn.status !== 'started') throw signInProblem('sign_in_used')
  if (!sameText(sha256(secret), signIn.stateHash))
    // Begun again in this browser since: the other tab is the one that counts.
    throw signInProblem(isSameBrowser(signIn, browser) ? 'other_tab' : 'state_mismatch')
}

/** Another browser came back with our state: it is worthless from now on (SEC-03). */
async function invalidateState(deps: Toolbox, signIn: StoredSignIn): Promise<GatewayError> {
  await stepSignIn(deps, signIn, { stateHash: '', verifierSealed: '', nonceSealed: '' }).catch(() => undefined)
  return signInProblem('state_mismatch')
}

/** What the provider refused needs no secret of ours to be told: a vault that is away changes nothing about it. */
async function saidNo(deps: Toolbox, signIn: StoredSignIn, answer: ReturnedAnswer): Promise<GatewayError> {
  const error = providerError(providerOf(deps, signIn.provider), answer)
  const known = await listUsableRegistrations(deps, signIn.tenant)
  const registration = known.find(({ id }) => id === signIn.registrationId)
  return registration === undefined ? error : namingRedirect(error, registration)
}

/** Whoever has to register the address must not have to look for it (M-053). */
function namingRedirect(
  error: unknown,
  { name, redirectUri }: Pick<Registration, 'name' | 'redirectUri'>,
): GatewayError {
  const known = asGatewayError(error)
  if (!['aadsts_50011', 'aadsts_500112'].includes(known.code)) return known
  return known.with({
    values: { registration: name, redirectUri },
    remedy: `In the app registration “${name}”, for the platform “Web”, register exactly this redirect URI: ${redirectUri}`,
  })
}

async function refused(
  deps: Toolbox,
  { signIn, link, requestId }: { signIn: StoredSignIn | undefined; link: string; requestId: string },
  error: unknown,
): Promise<Completed> {
  const failure = asGatewayError(error)
  await logRefusal(deps, { signIn, requestId }, failure)
  return { outcome: 'refused', error: failure, ...(link === '' ? {} : { retry: link }) }
}
