/**
 * How the gateway proves at an identity provider that it is the client of a registration. `managed-identity`: by a token
 * of the deployment's own identity, so nothing is kept; `none`: a public client.
 */
export const credentialKinds = ['secret', 'private-key', 'managed-identity', 'none'] as const
export type CredentialKind = (typeof credentialKinds)[number]

/** As people read it in the middle of a sentence. */
export const credentialWords: Record<Exclude<CredentialKind, 'none'>, string> = {
  secret: 'client secret',
  'private-key': 'certificate',
  'managed-identity': 'managed identity of the gateway',
}
