import type { Identity } from '../model/connection.js'
import type { Registration } from '../model/registration.js'
import type { Secret } from '../secret.js'

export interface TokenSet {
  accessToken: Secret
  /** Milliseconds since the epoch. */
  expiresAt: number
  /** Present only when the provider returned one in this response. */
  refreshToken?: Secret
  /** Granted scopes. */
  scopes: string[]
  identity?: Identity
}

export interface AuthorizeInput {
  registration: Registration
  scopes: string[]
  state: string
  nonce: string
  codeChallenge: string
  loginHint?: string
  responseMode: 'query' | 'form_post'
}

export interface RedeemInput {
  registration: Registration
  credential: Secret | undefined
  scopes: string[]
  code: Secret
  codeVerifier: Secret
  nonce: string
}

export interface RefreshInput {
  registration: Registration
  credential: Secret | undefined
  scopes: string[]
  refreshToken: Secret
  /** Tenant id of the connection, so that one tenant's outage does not throttle others. */
  tenantId?: string
}

export interface AppTokenInput {
  registration: Registration
  credential: Secret | undefined
  /** `{resource}/.default` alone. */
  scopes: string[]
  /** Directory whose administrator allowed the application. */
  tenantId: string
}

export interface AdminConsentInput {
  registration: Registration
  scopes: string[]
  state: string
}

/** An identity provider. All methods reject with GatewayErrors translated through `lib/diagnosis`. */
export interface Provider {
  authorizeUrl(input: AuthorizeInput): Promise<string>
  redeem(input: RedeemInput): Promise<TokenSet>
  refresh(input: RefreshInput): Promise<TokenSet>
  /**
   * A token of the application itself (client credentials); there is no refresh token, it is simply asked for again.
   */
  appToken(input: AppTokenInput): Promise<TokenSet>
  /**
   * Shows the credential to the provider, for nothing but its verdict: `accepted`, or `undecided` when the answer does
   * not tell. Rejects with the refusal of the client, and with a temporary error when the provider does not answer.
   */
  tryCredential(input: Pick<AppTokenInput, 'registration' | 'credential'>): Promise<'accepted' | 'undecided'>
  /** Where an administrator allows the application for a whole organisation. */
  adminConsentUrl(input: AdminConsentInput): string | Promise<string>
  /**
   * Id of the directory that owns a mail domain, as the provider publishes it; `undefined` when none does. Rejects with
   * a transient error when nobody answered.
   */
  directoryOf(registration: Pick<Registration, 'authority'>, domain: string): Promise<string | undefined>
  /** Origin of the issuer expected in a callback's `iss`, when the provider sends one. */
  issuerMatches(registration: Registration, iss: string): boolean | Promise<boolean>
}
