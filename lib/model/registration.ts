import type { CredentialKind } from './credential.js'
import type { ServerAddress } from './mailbox.js'
import type { SignInProvider } from './providers.js'

/** Which one, where more is not needed. `tenant`: who asks for it, or `~`. */
export interface RegistrationRef {
  tenant: string
  id: string
}

/** How a client shows a token endpoint who it is (RFC 8414, `token_endpoint_auth_methods_supported`). */
export const clientAuthentications = ['client_secret_basic', 'client_secret_post', 'none'] as const
export type ClientAuthentication = (typeof clientAuthentications)[number]

/** What is known of an authorization server that is nobody's product, besides its issuer. */
export interface OAuthServer {
  /** Set by hand; absent: what the server publishes under its issuer. */
  endpoints?: { authorization: string; token: string; userinfo?: string }
  clientAuthentication: ClientAuthentication
  /** Asked for at each sign-in, as the server spells them. */
  scopes: string[]
  /** Where the mail of its accounts is; absent: what the public mail settings of the address say. */
  imap?: EncryptedServer
  smtp?: EncryptedServer
}

/** A token is never sent in clear text. */
export interface EncryptedServer extends ServerAddress {
  tls: 'implicit' | 'starttls'
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
  /** For a provider whose server may be anybody's. */
  server?: OAuthServer
}
