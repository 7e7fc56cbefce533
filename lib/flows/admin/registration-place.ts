/**
 * At which server a registration is. Client secrets and refresh tokens go there, so it stays where it is once a
 * connection uses it, and a secret that is kept is never shown to another server: whoever may change a registration
 * may not read either of them this way.
 */
import { isDeepStrictEqual } from 'node:util'
import { invalidInput } from '../../errors.js'
import type { OAuthServer } from '../../model/registration.js'
import type { RegistrationInput } from '../../model/registration-schema.js'
import type { Provider } from '../../ports/provider.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { isRegistrationUsed } from '../../rows/connections.js'
import type { ReadRegistration, StoredRegistration } from '../../rows/registrations.js'
import { hasOwnCallback } from '../tokens/registrations.js'
import type { GivenCredential } from './given-credential.js'

type Place = Pick<StoredRegistration, 'authority' | 'server'>

/** Whoever changes something else leaves it as it was. */
export async function placeOf(
  deps: Toolbox,
  input: RegistrationInput,
  { existing, provider, given }: { existing: ReadRegistration | undefined; provider: Provider; given: GivenCredential },
): Promise<Place> {
  const isSilent = input.directory === undefined && input.issuer === undefined && input.cloud === undefined
  if (existing !== undefined && isSilent && existing.kind === input.kind)
    return { authority: existing.authority, ...(existing.server === undefined ? {} : { server: existing.server }) }
  const server = hasOwnCallback(input.kind) ? serverOf(input, given) : undefined
  const place = {
    authority: provider.authorityOf({ ...input, server }, existing?.authority),
    ...(server === undefined ? {} : { server }),
  }
  if (existing !== undefined && hasMoved({ ...place, kind: input.kind }, existing)) {
    if (await isRegistrationUsed(deps, existing.tenant, existing.id))
      throw invalidInput('issuer', 'must stay while connections use the registration: create another one instead.')
    if (existing.secretName !== '' && given.kind !== 'none' && given.value === undefined)
      throw invalidInput('clientSecret', 'is needed again: the stored secret is not shown to another server.')
  }
  return place
}

const hasMoved = (
  { kind, authority, server }: Place & Pick<RegistrationInput, 'kind'>,
  before: ReadRegistration,
): boolean =>
  kind !== before.kind ||
  (hasOwnCallback(kind) &&
    (authority !== before.authority || !isDeepStrictEqual(server?.endpoints, before.server?.endpoints)))

function serverOf(input: RegistrationInput, { kind }: GivenCredential): OAuthServer {
  const { scopes = [], endpoints, imap, smtp } = input
  const hasSecret = kind === 'secret'
  const { clientAuthentication = hasSecret ? 'client_secret_basic' : 'none' } = input
  if (hasSecret && clientAuthentication === 'none')
    throw invalidInput(
      'clientAuthentication',
      'must be client_secret_basic or client_secret_post with a client secret.',
    )
  if (!hasSecret && clientAuthentication !== 'none')
    throw invalidInput('clientSecret', `is needed for ${clientAuthentication}.`)
  return {
    ...(endpoints && { endpoints }),
    clientAuthentication,
    scopes: [...new Set(scopes)],
    ...(imap && { imap }),
    ...(smtp && { smtp }),
  }
}
