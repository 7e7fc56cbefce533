import { invalidInput } from '../../errors.js'
import { isCalendarDay } from '../../model/calendar-day.js'
import type { CredentialKind } from '../../model/credential.js'
import type { RegistrationInput } from '../../model/registration-schema.js'

type Known = Pick<RegistrationInput, 'name' | 'kind' | 'clientId'> & { credential: CredentialKind }

/** The registration as it is, with the credential of the console's form. */
export function newSecretOf({ name, kind, clientId, credential }: Known, form: URLSearchParams): RegistrationInput {
  const given = (field: string): string => (form.get(field) ?? '').trim()
  if (credential === 'private-key')
    return { name, kind, clientId, privateKey: given('privateKey'), certificate: given('certificate') }
  const clientSecret = given('clientSecret')
  const ends = form.get('ends') ?? ''
  if (clientSecret === '' || clientSecret.length > 1000)
    throw invalidInput('clientSecret', 'must be the value of the new secret, at most 1000 characters.')
  if (ends !== '' && !isCalendarDay(ends)) throw invalidInput('ends', 'must be a calendar day such as 2027-01-31.')
  const expiry = ends === '' ? {} : { clientSecretExpiresAt: `${ends}T00:00:00Z` }
  return { name, kind, clientId, clientSecret, ...expiry }
}
