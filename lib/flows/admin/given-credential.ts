/** What somebody gives as the credential of a registration, judged before anybody else sees it. */
import { invalidInput } from '../../errors.js'
import type { CredentialKind } from '../../model/credential.js'
import { sha256 } from '../../model/ids.js'
import type { RegistrationInput } from '../../model/registration-schema.js'
import { keyPairText, readKeyPair } from '../../protocol/key-pair.js'
import { Secret } from '../../secret.js'

export interface GivenCredential {
  kind: CredentialKind
  /** To be kept in the vault; absent: what is kept already stays, or nothing is kept for this kind. */
  value?: Secret
  /** First digits by which people recognise the value; empty without one. */
  fingerprint: string
  /** ISO date on which it ends, as far as it is known. */
  endsAt?: string | undefined
}

type Given = Pick<
  RegistrationInput,
  'credential' | 'clientSecret' | 'clientSecretExpiresAt' | 'privateKey' | 'certificate'
>
const fieldsOf: Record<CredentialKind, readonly (keyof Given)[]> = {
  secret: ['clientSecret', 'clientSecretExpiresAt'],
  'private-key': ['privateKey', 'certificate'],
  'managed-identity': [],
  none: [],
}
const allFields = Object.values(fieldsOf).flat()

/** `existing`: the kind that the registration has so far. Throws `invalid_input`. */
export function givenCredential(given: Given, existing: CredentialKind | undefined, now: number): GivenCredential {
  const kind = given.credential ?? kindOf(given) ?? existing ?? 'none'
  const foreign = allFields.find((field) => given[field] !== undefined && !fieldsOf[kind].includes(field))
  if (foreign !== undefined)
    throw invalidInput(foreign, `does not go with the credential "${kind}"; leave out the one or the other.`)
  if (kind === 'private-key') return { kind, ...keyOf(given, existing, now) }
  if (kind !== 'secret') return { kind, fingerprint: '' }
  const { clientSecret, clientSecretExpiresAt: endsAt } = given
  if (clientSecret !== undefined)
    return { kind, value: new Secret(clientSecret), fingerprint: sha256(clientSecret).slice(0, 12), endsAt }
  if (existing !== 'secret') throw invalidInput('clientSecret', 'is missing; give the value of the client secret.')
  return { kind, fingerprint: '', endsAt }
}

function kindOf({ privateKey, certificate, clientSecret, clientSecretExpiresAt }: Given): CredentialKind | undefined {
  if (privateKey !== undefined || certificate !== undefined) return 'private-key'
  return clientSecret !== undefined || clientSecretExpiresAt !== undefined ? 'secret' : undefined
}

function keyOf({ privateKey, certificate }: Given, existing: CredentialKind | undefined, now: number) {
  if (privateKey === undefined && certificate === undefined && existing === 'private-key') return { fingerprint: '' }
  if (privateKey === undefined) throw invalidInput('privateKey', 'is missing; give the key of the certificate.')
  if (certificate === undefined) throw invalidInput('certificate', 'is missing; give the certificate of the key.')
  const pair = readKeyPair({ privateKey, certificate }, now)
  return {
    value: keyPairText(pair),
    // As the portals of providers show it (SHA-1), so that the two can be compared by eye.
    fingerprint: pair.certificate.fingerprint.replaceAll(':', '').toLowerCase().slice(0, 12),
    endsAt: new Date(pair.certificate.validTo).toISOString(),
  }
}
