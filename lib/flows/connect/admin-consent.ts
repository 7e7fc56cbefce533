/**
 * What an administrator's answer is worth. Microsoft sends the browser back with the directory in clear text and
 * without any proof, so it is taken as a claim: the administrator signs in once more, in that very directory, which
 * tells who it was and where: somebody whose token names no role that may consent for everybody gave at most a consent
 * of their own. What people there may be let do is read from a token of that directory. For app-only the application
 * then signs in there by itself; only the token it gets, with its roles, shows that the consent is real. Nothing here
 * opens a mailbox, and none is made.
 */
import { asGatewayError, GatewayError } from '../../errors.js'
import type { Identity } from '../../model/connection.js'
import type { AppGrant } from '../../model/grant.js'
import type { Registration } from '../../model/registration.js'
import type { Verdict, Verdicts } from '../../model/sign-in.js'
import { signInProblem } from '../../model/sign-in-problems.js'
import { asGranted, type ReceiveTarget, type SendTarget } from '../../model/transports.js'
import type { OrganisationRules, Provider, TokenSet } from '../../ports/provider.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { type StoredSignIn, stepSignIn } from '../../rows/sign-ins.js'
import type { Secret } from '../../secret.js'
import { authorizeLeg, freshState, reached, redeemAnswer } from './authorize-leg.js'
import { finishSignIn, renewedConnection } from './finish-sign-in.js'
import { heardOf } from './heard-of.js'
import { failed } from './probe-mailbox.js'
import type { ReturnedSignIn } from './return-callback.js'

interface Client {
  provider: Provider
  registration: Registration
  browser: string
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** No such link is made for a provider without. */
function organisationsOf({ organisations }: Provider): OrganisationRules {
  if (organisations === undefined) throw signInProblem('no_registration')
  return organisations
}

/** First way out: the page that asks the administrator. */
export async function askAdministrator(
  deps: Toolbox,
  signIn: StoredSignIn,
  { provider, registration, browser }: Client,
): Promise<string> {
  const { secret, columns } = freshState(deps, browser)
  await stepSignIn(deps, signIn, {
    ...columns,
    registrationId: registration.id,
    provider: registration.kind,
    directory: '',
    granted: '',
  })
  const state = `${signIn.id}.${secret}`
  return reached(
    deps,
    await provider.adminConsentUrl({ registration, scopes: provider.plan(signIn.target).consent, state }),
  )
}

/** Judges either answer; where the browser goes next, or nothing when this sign-in is at its end. */
export async function judgeConsent(
  deps: Toolbox,
  returned: ReturnedSignIn,
  client: Client & { credential: Secret | undefined },
): Promise<string | undefined> {
  const { signIn } = returned
  const { directory: claimed } = signIn
  if (claimed === '') return proveIt(deps, returned, client)
  const organisations = organisationsOf(client.provider)
  const registration = organisations.within(client.registration, claimed)
  const proof = await redeemAnswer(deps, returned, { ...client, registration, scopes: [] })
  const { identity } = proof
  if (identity?.tenantId !== claimed) throw signInProblem('issuer_mismatch')
  if (organisations.mayConsentForAll(proof.accessToken) === false) throw noAdministrator(signIn.tenantName, identity)
  const isAppOnly = signIn.target.consent === 'app-only'
  if (!isAppOnly) {
    const shown = await shownScopes(signIn, proof, { ...client, registration })
    await stepSignIn(deps, signIn, { granted: shown.join(' ') })
  }
  const { grant, verdicts } = isAppOnly
    ? await gainAppAuthority(deps, signIn, { ...client, registration, tenantId: claimed })
    : { grant: undefined, verdicts: nothingTried }
  if (grant?.applicationObject !== undefined)
    await stepSignIn(deps, signIn, { applicationObject: grant.applicationObject })
  const { kind } = registration
  await finishSignIn(deps, signIn, { grant, provider: kind, identity, verdicts, browser: client.browser })
  return undefined
}

async function proveIt(
  deps: Toolbox,
  { signIn, answer }: ReturnedSignIn,
  { provider, registration, browser }: Client,
): Promise<string> {
  const organisations = organisationsOf(provider)
  const directory = answer.tenant.toLowerCase()
  // Each of those accounts consents for nobody else.
  if (directory === organisations.personal) throw notShown(signIn.tenantName)
  if (!guid.test(directory) || answer.adminConsent.toLowerCase() !== 'true') throw signInProblem('state_mismatch')
  const own = organisations.ownDirectory(registration)
  if (own !== undefined && own !== directory) throw otherDirectory(own)
  const renewed = await renewedConnection(deps, signIn)
  if (renewed && renewed.identity?.tenantId !== directory) throw otherDirectory(renewed.identity?.tenantId ?? '')
  return authorizeLeg(deps, signIn, {
    provider,
    registration: organisations.within(registration, directory),
    browser,
    scopes: [],
    change: { directory, granted: '' },
  })
}

/**
 * Of what was asked for, that which the directory itself shows: a token for everything it has consented to names its
 * scopes. The sign-in before asked for no right, so nobody could consent on the way; what the answer's parameters claim
 * counts for nothing (SEC-14).
 */
async function shownScopes(
  { target, tenantName }: StoredSignIn,
  { refreshToken, identity }: TokenSet,
  { provider, registration, credential }: Client & { credential: Secret | undefined },
): Promise<string[]> {
  const { tenantId } = identity ?? {}
  if (refreshToken === undefined || tenantId === undefined) throw signInProblem('state_mismatch')
  const { consent: asked, resource } = provider.plan(target)
  const scopes = provider.tokenScopes([], resource)
  const answer = await provider
    .refresh({ registration, credential, scopes, refreshToken, tenantId })
    .catch((error: unknown) => {
      if (asGatewayError(error).class === 'transient') throw error
      return { scopes: [] as string[] }
    })
  const shown = asked.filter((scope) => provider.missingScopes([scope], answer.scopes).length === 0)
  if (!shown.some((scope) => scope.startsWith('https://'))) throw notShown(tenantName)
  return shown
}

/** Their token may hold all that was asked for: consented to by themselves, for themselves (A8). */
const noAdministrator = (tenantName: string, { username }: Identity): GatewayError =>
  new GatewayError('consent_not_shown', 'needs-admin', {
    hint: 'tenant',
    status: 409,
    values: { signedIn: username },
    description: `${username} signed in, but has no role that may consent to the application for a whole organisation.`,
    remedy: `Ask a Global, Privileged Role, Application or Cloud Application Administrator of your organisation to open the link of ${tenantName}, accept Microsoft's request and sign in.`,
  })

const notShown = (tenantName: string): GatewayError =>
  new GatewayError('consent_not_shown', 'needs-admin', {
    hint: 'tenant',
    status: 409,
    description: 'You signed in, but your organisation has not approved the application.',
    remedy: `Ask an administrator of your organisation to open the link of ${tenantName} and accept Microsoft's request.`,
  })

async function gainAppAuthority(
  deps: Toolbox,
  { target, tenant }: StoredSignIn,
  { provider, registration, credential, tenantId }: Client & { credential: Secret | undefined; tenantId: string },
): Promise<{ grant: AppGrant; verdicts: Verdicts }> {
  const { receive, send, resource, token: scopes } = provider.plan(target)
  const asked = provider.appToken({ registration, credential, scopes, tenantId })
  const tokens = await heardOf(deps, { tenant, registration }, asked)
  const granted = organisationsOf(provider).appPermissions(tokens.accessToken)
  const verdict = (direction: 'receive' | 'send', over: ReceiveTarget | SendTarget | undefined): Verdict => {
    if (over === undefined) return { verdict: 'not-tested' }
    try {
      provider.checkToken(tokens.accessToken, resource, provider.neededScopes(direction, over))
      return { verdict: 'not-tested' }
    } catch (error) {
      return failed(error)
    }
  }
  const applicationObject = organisationsOf(provider).applicationObject(tokens.accessToken)
  return {
    grant: {
      kind: 'app-only',
      ...(applicationObject === undefined ? {} : { applicationObject }),
      resource,
      accessToken: tokens.accessToken.reveal(),
      expiresAt: tokens.expiresAt,
      scopes: granted,
      registrationId: registration.id,
    },
    verdicts: {
      signIn: { verdict: 'works' },
      reading: verdict('receive', receive),
      sending: verdict('send', send && asGranted(send, granted)),
    },
  }
}

const untested = { verdict: 'not-tested' } as const
const nothingTried: Verdicts = { signIn: { verdict: 'works' }, reading: untested, sending: untested }

const otherDirectory = (expected: string): GatewayError =>
  new GatewayError('other_directory', 'permanent', {
    status: 409,
    values: { expected },
    description: `The administrator belongs to a different organisation from the one this link is for (${expected}).`,
    remedy: 'Ask an administrator of that organisation to open the link.',
  })
