/**
 * The person continues with the provider. From here one browser, one state, one nonce and one code verifier belong
 * together for ten minutes; the provider's URL holds nothing that opens anything (SEC-01, SEC-06, SEC-07). Beginning
 * again replaces all of them, so an older tab can no longer end well. An administrator is sent to the page that allows
 * the application for a whole organisation instead.
 */
import { invalidInput } from '../../errors.js'
import { maySendFirst, sendingFirst, wholeTarget } from '../../model/later-receiving.js'
import { mayBeShared, pagesOf } from '../../model/link-ways.js'
import { type SignInProvider, signInPages } from '../../model/providers.js'
import type { SignInTarget } from '../../model/sign-in.js'
import { acceptedRegistrations } from '../../model/sign-in-choices.js'
import { signInProblem } from '../../model/sign-in-problems.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { sameAddress } from '../../protocol/mail-address.js'
import { providerOf } from '../tokens/provider-of.js'
import { findClient, listUsableRegistrations } from '../tokens/registrations.js'
import { askAdministrator } from './admin-consent.js'
import { authorizeLeg } from './authorize-leg.js'
import { signInOfForm } from './form-token.js'
import { assertWay, wayNotAllowed } from './link-ways.js'
import { planSignIn } from './plan-sign-in.js'

export async function beginAuthorize(
  deps: Toolbox,
  input: {
    link: string
    browser: string | undefined
    formToken: string
    /** Whose button was pressed; needed where the page has several. */
    provider?: string | undefined
    /** Which of its registrations, where people choose one. */
    registrationId?: string | undefined
    delegate?: string | undefined
    /** Reading waits for an administrator; sending is connected now. */
    isSendingFirst?: boolean
  },
): Promise<{ location: string }> {
  const { signIn, browser } = await signInOfForm(deps, input)
  const isConsent = signIn.target.kind === 'admin-consent'
  const facts = await assertWay(deps, signIn, isConsent ? 'admin-consent' : undefined)
  const pages = isConsent ? signInPages : pagesOf(facts.ways)
  if (pages.length === 0) throw wayNotAllowed(signIn, facts)
  const accepted = acceptedRegistrations(signIn, pages, await listUsableRegistrations(deps, signIn.tenant))
  const usable = accepted.filter(
    ({ id, kind }) =>
      (!input.provider || input.provider === kind) && (!input.registrationId || input.registrationId === id),
  )
  // Which registration it is may have been asked for, or is that of the attempt before, perhaps at another provider.
  const isOpen =
    signIn.registrationId === '' ||
    Boolean(input.registrationId) ||
    !['', input.provider || signIn.provider].includes(signIn.provider)
  const chosen = usable.find((one) => one.id === signIn.registrationId) ?? (isOpen ? usable[0] : undefined)
  if (!chosen) throw signInProblem('no_registration')
  const provider = providerOf(deps, chosen.kind)
  const { registration } = await findClient(deps, { tenant: signIn.tenant, id: chosen.id })
  // As it was asked for: that an attempt before needed an administrator says nothing about this one.
  const whole = withDelegate(wholeTarget(signIn.askedTarget), chosen.kind, input.delegate)
  const mayBegin = input.isSendingFirst === true && provider.organisations !== undefined && maySendFirst(whole)
  const target = mayBegin ? sendingFirst(whole) : whole
  if (target.kind === 'admin-consent')
    return { location: await askAdministrator(deps, signIn, { provider, registration, browser }) }
  const plan = await planSignIn(deps, { provider, registration, facts }, target)
  const location = await authorizeLeg(deps, signIn, {
    provider,
    registration,
    browser,
    scopes: plan.consent,
    change: { target },
    // After a wrong account the person chooses from all of theirs: the hint may be what chose it.
    ...(signIn.refusal === 'mailbox_mismatch' ? {} : { loginHint: target.expectedUser ?? target.address }),
  })
  return { location }
}

const mailAddress = /^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/

/**
 * Nobody signs in as a shared mailbox: its owner names themselves here. Whoever does not, signs in as the mailbox, also
 * after an attempt that named somebody.
 */
function withDelegate(target: SignInTarget, provider: SignInProvider, delegate: string | undefined): SignInTarget {
  if (!mayBeShared(target, [provider])) return target
  const { expectedUser: _, namedByOwner, ...rest } = target
  const plain: SignInTarget = { ...rest, confirmation: namedByOwner ?? rest.confirmation }
  const named = (delegate ?? '').trim()
  if (named === '' || sameAddress(named, target.address)) return plain
  if (named.length > 254 || !mailAddress.test(named))
    throw invalidInput('delegate', 'must be a mail address.', { values: { delegate: named.slice(0, 254) } })
  return {
    ...plain,
    expectedUser: named,
    namedByOwner: plain.confirmation,
    // A link that confirms itself was made for one exact identity, and this is another.
    confirmation: plain.confirmation === 'confirmed-by-link' ? 'tenant-admin' : plain.confirmation,
  }
}
