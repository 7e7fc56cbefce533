import type { SignInProvider } from './providers.js'

/** An OAuth client at an identity provider. */
/** Which one, where more is not needed. `tenant`: who asks for it, or `~`. */
export interface RegistrationRef {
  tenant: string
  id: string
}

export interface Registration {
  id: string
  name: string
  /** `~` when it belongs to the deployment and serves every tenant. */
  tenant: string
  kind: SignInProvider
  /** Where people sign in, as its provider writes it. */
  authority: string
  clientId: string
  credential: 'secret' | 'none'
  /** Key Vault name of the client secret; empty for a public client. */
  secretName: string
  /** ISO date on which the secret expires, when known. */
  secretExpiresAt?: string
  /** The one string used everywhere (M-053). */
  redirectUri: string
}
