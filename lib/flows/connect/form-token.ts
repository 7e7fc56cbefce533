/** A form post counts only from our own page, in the browser that it was shown to. */
import { sha256 } from '../../model/ids.js'
import { signInProblem } from '../../model/sign-in-problems.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { sameText } from '../../protocol/same-text.js'
import { getSignInOfLink, type StoredSignIn } from '../../rows/sign-ins.js'
import { assertOpen } from './assert-open.js'

/** A value that we gave to a browser, by its form. */
export const isBrowser = (value: string | undefined): value is string =>
  value !== undefined && /^[a-z2-7]{32}$/.test(value)

/** Only a page that was shown to this browser can know it: the cookie is unreadable to scripts and other sites. */
export const formToken = (signInId: string, browser: string): string => sha256(`form~${signInId}~${browser}`)

/** The open sign-in of a form post from our own page; anything else is refused before it has an effect. */
export async function signInOfForm(
  deps: Toolbox,
  input: { link: string; browser: string | undefined; formToken: string },
): Promise<{ signIn: StoredSignIn; browser: string }> {
  const signIn = await getSignInOfLink(deps, input.link)
  const { browser } = input
  if (!isBrowser(browser) || !sameText(input.formToken, formToken(signIn.id, browser)))
    throw signInProblem('form_expired')
  assertOpen(deps, signIn)
  return { signIn, browser }
}
