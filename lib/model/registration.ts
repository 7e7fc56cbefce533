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
  kind: 'microsoft' | 'google' | 'oauth2'
  /** Microsoft: `https://login.microsoftonline.com/{tenant id | common | organizations | consumers}`. */
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

/** The registration as one directory sees it: whoever signs in or is asked there belongs to it. */
export function ofDirectory(registration: Registration, tenantId: string): Registration {
  return { ...registration, authority: `${new URL(registration.authority).origin}/${tenantId}` }
}
