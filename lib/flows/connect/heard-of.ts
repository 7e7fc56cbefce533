import { asGatewayError } from '../../errors.js'
import type { Registration } from '../../model/registration.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearRegistrationRefusal, raiseRegistrationAttention } from '../../rows/attention.js'

/**
 * What a token call of a sign-in says about the registration: refused, its owner hears of it at the first sign-in and
 * not when the mailboxes stop; accepted, that is over (O6). Only for answers of the token endpoint: what a browser
 * brings back anybody can write.
 */
export async function heardOf<T>(
  deps: Toolbox,
  { tenant, registration }: { tenant: string; registration: Registration },
  call: Promise<T>,
): Promise<T> {
  try {
    const answer = await call
    await clearRegistrationRefusal(deps, tenant, registration.id)
    return answer
  } catch (error) {
    const failure = asGatewayError(error)
    if (failure.class === 'needs-admin' && failure.hint === 'operator')
      await raiseRegistrationAttention(deps, registration, failure)
    throw error
  }
}
