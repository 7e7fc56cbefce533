import { invalidInput } from '../../errors.js'
import type { RegistrationInput } from '../../model/admin-schemas.js'
import { isCalendarDay } from '../../model/calendar-day.js'

/** The registration as it is, with the secret of the console's form. */
export function newSecretOf(
  { name, kind, clientId }: Pick<RegistrationInput, 'name' | 'kind' | 'clientId'>,
  form: URLSearchParams,
): RegistrationInput {
  const clientSecret = (form.get('clientSecret') ?? '').trim()
  const ends = form.get('ends') ?? ''
  if (clientSecret === '' || clientSecret.length > 1000)
    throw invalidInput('clientSecret', 'must be the value of the new secret, at most 1000 characters.')
  if (ends !== '' && !isCalendarDay(ends)) throw invalidInput('ends', 'must be a calendar day such as 2027-01-31.')
  const expiry = ends === '' ? {} : { clientSecretExpiresAt: `${ends}T00:00:00Z` }
  return { name, kind, clientId, clientSecret, ...expiry }
}
