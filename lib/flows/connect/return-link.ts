/**
 * The way back to the application: the registered return URL, never anything from a request (SEC-10), with the one-time
 * result code, or with what ended the sign-in.
 */
import { asGatewayError } from '../../errors.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findReturnUrl } from '../../rows/return-urls.js'
import { sealKeys } from '../../rows/seal-keys.js'
import { associatedData, getSignInOfLink, type StoredSignIn } from '../../rows/sign-ins.js'
import { assertOpen } from './assert-open.js'

/** `result={id}.{code}` when there is a code; `error` and `sign_in_id` when the sign-in ended with `error`. */
export async function returnLink(
  deps: Toolbox,
  { id, tenant, returnUrl, resultSealed }: StoredSignIn,
  error?: string,
): Promise<string | undefined> {
  if (returnUrl === '') return undefined
  const registered = await findReturnUrl(deps, tenant, returnUrl)
  if (registered === undefined) return undefined
  const url = new URL(registered.url)
  if (error !== undefined) {
    url.searchParams.set('error', error)
    url.searchParams.set('sign_in_id', id)
    return url.href
  }
  if (resultSealed !== '')
    url.searchParams.set(
      'result',
      `${id}.${(await sealKeys(deps)).open(resultSealed, associatedData(id, 'resultSealed'))}`,
    )
  return url.href
}

/**
 * After the sign-in. Where the application's own binding decides, nothing is left to do on a page of ours: the browser
 * goes back at once, unless a verdict has to be read first.
 */
export async function afterSignIn(deps: Toolbox, signIn: StoredSignIn, path: string): Promise<string> {
  const { target, verdicts } = signIn
  const failing =
    verdicts && [verdicts.signIn, verdicts.reading, verdicts.sending].some((one) => one.verdict === 'fails')
  const back = target.confirmation === 'result-code' && !failing ? await returnLink(deps, signIn) : undefined
  return back ?? `${deps.config.publicBaseUrl}${path}/result`
}

/** Who may have succeeded elsewhere, or is still under way, is not sent back with an error. */
const ends: ReadonlySet<string> = new Set(['link_expired', 'sign_in_cancelled', 'sign_in_rejected'])

/** Nobody signs in with this link any more: it expired, or somebody ended it. */
export function isOver(deps: Toolbox, signIn: StoredSignIn): boolean {
  try {
    assertOpen(deps, signIn)
    return false
  } catch (error) {
    return ends.has(asGatewayError(error).code)
  }
}

/** For the page of a link that ended with `error`: whose it was, and the way back to the application. */
export async function endedLink(
  deps: Toolbox,
  link: string,
  error: string,
): Promise<{ tenantName: string; address: string; returnTo?: string } | undefined> {
  if (!ends.has(error)) return undefined
  const signIn = await getSignInOfLink(deps, link)
  const returnTo = await returnLink(deps, signIn, error)
  return { tenantName: signIn.tenantName, address: signIn.target.address, ...(returnTo ? { returnTo } : {}) }
}
