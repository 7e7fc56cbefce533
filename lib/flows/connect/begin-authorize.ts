/**
 * The person continues with the provider. From here one browser, one state, one nonce and one code verifier belong
 * together for ten minutes; the row holds hashes and sealed values, the provider's URL holds nothing that opens anything
 * (SEC-01, SEC-06, SEC-07). Beginning again replaces all of them, so an older tab can no longer end well.
 */
import { newSecret, sha256 } from '../../model/ids.js'
import { newPkce } from '../../protocol/pkce.js'
import type { ConnectDependencies } from './connect-dependencies.js'
import { signInOfForm } from './show-link.js'
import { signInProblem } from './sign-in-problems.js'
import { sealPlace, stepSignIn } from './sign-in-row.js'
import { microsoftScopes } from './wanted-transports.js'

const stageMs = 10 * 60_000

/** The address under which the browser finds it; differs in local mode only. */
function reached(deps: ConnectDependencies, location: string): string {
  const { origin } = new URL(location)
  const other = deps.settings.origins?.[origin]
  return other === undefined ? location : other + location.slice(origin.length)
}

export async function beginAuthorize(
  deps: ConnectDependencies,
  input: { link: string; browser: string | undefined; formToken: string },
): Promise<{ location: string }> {
  const { signIn, browser } = await signInOfForm(deps, input)
  const usable = (await deps.listRegistrations(signIn.tenant)).filter((one) => one.kind === 'microsoft')
  const chosen =
    usable.find((one) => one.id === signIn.registrationId) ?? (signIn.registrationId === '' ? usable[0] : undefined)
  const provider = chosen && deps.providers[chosen.kind]
  if (!chosen || !provider) throw signInProblem('no_registration')
  const { registration } = await deps.registrations(signIn.tenant, chosen.id)
  const sealer = await deps.sealer()
  const stateSecret = newSecret()
  const nonce = newSecret()
  const { verifier, challenge } = newPkce()
  await stepSignIn(deps, signIn, {
    status: 'started',
    refusal: '',
    registrationId: registration.id,
    stateHash: sha256(stateSecret),
    browserHash: sha256(browser),
    nonceSealed: sealer.seal(nonce, sealPlace(signIn.id, 'nonceSealed')),
    verifierSealed: sealer.seal(verifier, sealPlace(signIn.id, 'verifierSealed')),
    stageUntil: deps.clock.now() + stageMs,
    sealedReturn: '',
  })
  const location = await provider.authorizeUrl({
    registration,
    scopes: microsoftScopes(signIn.target).consent,
    state: `${signIn.id}.${stateSecret}`,
    nonce,
    codeChallenge: challenge,
    loginHint: signIn.target.expectedUser ?? signIn.target.address,
    responseMode: 'query',
  })
  return { location: reached(deps, location) }
}
