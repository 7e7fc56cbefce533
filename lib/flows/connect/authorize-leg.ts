/**
 * One way out to the provider and back: state, nonce and code verifier belong to this browser and this sign-in for ten
 * minutes; the row holds hashes and sealed values. Beginning again replaces all of them.
 */
import { newSecret, sha256 } from '../../model/ids.js'
import type { Registration } from '../../model/registration.js'
import { signInProblem } from '../../model/sign-in-problems.js'
import type { Provider, TokenSet } from '../../ports/provider.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { newPkce } from '../../protocol/pkce.js'
import { sealKeys } from '../../rows/seal-keys.js'
import {
  associatedData,
  type SealedColumn,
  type SignInChange,
  type StoredSignIn,
  stepSignIn,
} from '../../rows/sign-ins.js'
import { Secret } from '../../secret.js'
import { noProblem } from './keep-problem.js'
import type { ReturnedSignIn } from './return-callback.js'

const stageMs = 10 * 60_000

/** The address under which the browser finds it; differs in local mode only. */
export function reached(deps: Toolbox, location: string): string {
  const { origin } = new URL(location)
  const other = deps.config.origins[origin]
  return other === undefined ? location : other + location.slice(origin.length)
}

/** Columns and secret of a fresh state; the state itself is `{sign-in id}.{secret}`. */
export function freshState(deps: Toolbox, browser: string) {
  const secret = newSecret()
  const columns: SignInChange = {
    status: 'started',
    refusal: '',
    stateHash: sha256(secret),
    browserHash: sha256(browser),
    stageUntil: deps.clock.now() + stageMs,
    nonceSealed: '',
    verifierSealed: '',
    sealedReturn: '',
    needsAdmin: false,
    ...noProblem,
  }
  return { secret, columns }
}

/** Where the browser goes to sign in; everything this needs later is in the row. */
export async function authorizeLeg(
  deps: Toolbox,
  signIn: StoredSignIn,
  leg: {
    provider: Provider
    registration: Registration
    browser: string
    scopes: string[]
    loginHint?: string
    change?: SignInChange
  },
): Promise<string> {
  const sealer = await sealKeys(deps)
  const nonce = newSecret()
  const { verifier, challenge } = newPkce()
  const { secret, columns } = freshState(deps, leg.browser)
  await stepSignIn(deps, signIn, {
    ...columns,
    registrationId: leg.registration.id,
    provider: leg.registration.kind,
    nonceSealed: sealer.seal(nonce, associatedData(signIn.id, 'nonceSealed')),
    verifierSealed: sealer.seal(verifier, associatedData(signIn.id, 'verifierSealed')),
    ...leg.change,
  })
  const location = await leg.provider.authorizeUrl({
    registration: leg.registration,
    scopes: leg.scopes,
    state: `${signIn.id}.${secret}`,
    nonce,
    codeChallenge: challenge,
    ...(leg.loginHint ? { loginHint: leg.loginHint } : {}),
    responseMode: 'query',
  })
  return reached(deps, location)
}

/** Redeems the code of the answer with what the row kept for it. */
export async function redeemAnswer(
  deps: Toolbox,
  { signIn, answer }: ReturnedSignIn,
  client: { provider: Provider; registration: Registration; credential: Secret | undefined; scopes: string[] },
): Promise<TokenSet> {
  const sealer = await sealKeys(deps)
  const opened = (column: SealedColumn): string =>
    sealer.open(signIn[column], associatedData(signIn.id, column)).toString()
  const code = answer.inRow ? opened('sealedReturn') : answer.code
  if (code === '' || signIn.verifierSealed === '') throw signInProblem('state_mismatch')
  return client.provider.redeem({
    registration: client.registration,
    credential: client.credential,
    scopes: client.scopes,
    code: new Secret(code),
    codeVerifier: new Secret(opened('verifierSealed')),
    nonce: opened('nonceSealed'),
  })
}
