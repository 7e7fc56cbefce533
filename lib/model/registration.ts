import type { CredentialKind } from './credential.js'
import type { SignInProvider } from './providers.js'

/** Which one, where more is not needed. `tenant`: who asks for it, or `~`. */
export interface RegistrationRef {
  tenant: string
  id: string
}

/** An OAuth client at an identity provider. */
export interface Registration {
  id: string
  name: string
  /** `~` when it belongs to the deployment and serves every tenant. */
  tenant: string
  kind: SignInProvider
  /** Where people sign in, as its provider writes it. */
  authority: string
  clientId: string
  credential: CredentialKind
  /** Key Vault name of the client secret or of key and certificate; empty where nothing is kept. */
  secretName: string
  /** ISO date on which secret or certificate expires, when known. */
  secretExpiresAt?: string | undefined
  /** The one string used everywhere (M-053). */
  redirectUri: string
}
