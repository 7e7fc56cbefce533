import { providerFacts, type SignInProvider } from './providers.js'
import type { Registration } from './registration.js'
import type { SignInTarget } from './sign-in.js'

type Known = Pick<Registration, 'id' | 'name' | 'kind'>

/** A button of the page behind a link. */
export interface SignInChoice {
  provider: SignInProvider
  /** As people know it. */
  label: string
  /** Where they choose among several of one provider. */
  registrationId?: string
}

/**
 * Registrations with which a link may be answered at these providers: the one that was asked for, or any. Accounts of
 * a server that may be anybody's are renewed there and nowhere else.
 */
export function acceptedRegistrations<R extends Known>(
  { askedTarget, registrationId }: { askedTarget: SignInTarget; registrationId: string },
  accepted: readonly SignInProvider[],
  registrations: readonly R[],
): R[] {
  const { kind: link, allowChange, registrationId: asked } = askedTarget
  const isBound = link === 'reconnect' && !allowChange?.includes('provider')
  return registrations.filter(
    ({ id, kind }) =>
      accepted.includes(kind) &&
      (asked === undefined || asked === id) &&
      !(isBound && isNamed(kind) && id !== registrationId),
  )
}

/** One for each provider; for those whose server may be anybody's one for each registration, by its name. */
export function choicesAmong(registrations: readonly Known[]): SignInChoice[] {
  const choices = registrations.map(({ id, name, kind }) =>
    isNamed(kind)
      ? { provider: kind, label: name, registrationId: id }
      : { provider: kind, label: providerFacts[kind].label },
  )
  return choices.filter(
    (one, at) => 'registrationId' in one || choices.findIndex(({ provider }) => provider === one.provider) === at,
  )
}

const isNamed = (kind: SignInProvider): boolean => providerFacts[kind].registration?.ownServer === true
