/** Whose answer came back: a code is redeemed only with the server that it is from. */
import type { Registration } from '../../model/registration.js'
import { signInProblem } from '../../model/sign-in-problems.js'
import type { Provider } from '../../ports/provider.js'
import type { StoredSignIn } from '../../rows/sign-ins.js'
import { hasOwnCallback } from '../tokens/registrations.js'
import type { ReturnedAnswer } from './return-callback.js'

/**
 * A server that may be anybody's gets its answers at an address of its own, so that it can make nobody bring it the
 * code of another provider, nor bring its own for that of another (RFC 9700, section 4.4).
 */
export function assertOwnCallback({ provider, registrationId }: StoredSignIn, { at = '' }: ReturnedAnswer): void {
  const isOwn = provider !== '' && provider !== 'basic' && hasOwnCallback(provider)
  if (at !== (isOwn ? registrationId : '')) throw signInProblem('issuer_mismatch')
}

/** RFC 9207; an answer without an issuer is that of a provider that does not always name it. */
export async function assertIssuer(
  { provider, registration }: { provider: Provider; registration: Registration },
  { iss }: ReturnedAnswer,
): Promise<void> {
  const isIts =
    iss === '' ? !(await provider.namesIssuer(registration)) : await provider.issuerMatches(registration, iss)
  if (!isIts) throw signInProblem('issuer_mismatch')
}
