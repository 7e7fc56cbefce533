/** The person says no on our page: the link is dead from now on and nothing was stored anywhere else (M-061). */

import { endSignIn } from '../../rows/sign-ins.js'
import type { ConnectDependencies } from './connect-dependencies.js'
import { signInOfForm } from './form-token.js'
import { tellEnded } from './tell-sign-in.js'

export async function cancelSignIn(
  deps: ConnectDependencies,
  input: { link: string; browser: string | undefined; formToken: string },
): Promise<{ location: string }> {
  const { signIn } = await signInOfForm(deps, input)
  await endSignIn(deps, signIn, 'sign_in_cancelled')
  await tellEnded(deps, signIn, 'cancelled', 'sign_in_cancelled')
  return { location: `${deps.settings.publicBaseUrl}/connect/${input.link}` }
}
