/** The person says no on our page: the link is dead from now on and nothing was stored anywhere else (M-061). */

import type { Toolbox } from '../../ports/toolbox.js'
import { endSignIn } from '../../rows/sign-ins.js'
import { signInOfForm } from './form-token.js'
import { tellEnded } from './tell-sign-in.js'

export async function cancelSignIn(
  deps: Toolbox,
  input: { link: string; browser: string | undefined; formToken: string },
): Promise<{ location: string }> {
  const { signIn } = await signInOfForm(deps, input)
  await endSignIn(deps, signIn, 'sign_in_cancelled')
  await tellEnded(deps, signIn, { state: 'cancelled', code: 'sign_in_cancelled' })
  return { location: `${deps.config.publicBaseUrl}/connect/${input.link}` }
}
