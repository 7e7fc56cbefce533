import { asGatewayError, type GatewayError } from '../../errors.js'
import type { RegisteredClient } from '../../ports/memory.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { providerOf } from '../tokens/provider-of.js'

/** `none`: there is no credential; `not-tried`: the provider did not answer, or its answer did not tell. */
export type CredentialTried = 'accepted' | 'not-tried' | 'none'

const triedMs = 10_000

/** Shows the credential of a registration to its provider; the refusal when it is refused. */
export async function tryCredential(
  deps: Toolbox,
  { registration, credential }: RegisteredClient,
): Promise<CredentialTried | GatewayError> {
  if (registration.credential === 'none') return 'none'
  const provider = providerOf(deps, registration.kind)
  const waited = new AbortController()
  const tooLong = deps.clock.sleep(triedMs, waited.signal).then(() => 'undecided' as const)
  tooLong.catch(() => {})
  try {
    const said = await Promise.race([provider.tryCredential({ registration, credential }), tooLong])
    return said === 'accepted' ? 'accepted' : 'not-tried'
  } catch (error) {
    const refusal = asGatewayError(error)
    return refusal.class === 'transient' || refusal.code === 'unexpected' ? 'not-tried' : refusal
  } finally {
    waited.abort()
  }
}
