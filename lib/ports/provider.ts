import type { Identity, Resource } from '../model/connection.js'
import type { DiagnosisContext } from '../model/diagnosis.js'
import type { OAuthServer, Registration } from '../model/registration.js'
import type { SignInTarget } from '../model/sign-in.js'
import type { ReceiveTarget, SendTarget, Targets } from '../model/transports.js'
import type { Secret } from '../secret.js'
import type { MailApi } from './authority.js'

export interface TokenSet {
  accessToken: Secret
  /** Milliseconds since the epoch. */
  expiresAt: number
  /** Present only when the provider returned one in this response. */
  refreshToken?: Secret
  /** Granted scopes. */
  scopes: string[]
  /** Absent where the provider does not say who signed in. */
  identity?: Identity
  /** Every address that the provider itself names for the account. */
  addresses?: string[]
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
  scopes: string[]
  /** Directory whose administrator allowed the application. */
  tenantId: string
}

export interface AdminConsentInput {
  registration: Registration
  scopes: string[]
  state: string
}

/** Where people sign in, as a person names it. */
export interface GivenAuthority {
  directory?: string | undefined
  cloud?: string | undefined
  issuer?: string | undefined
  server?: OAuthServer | undefined
}

/** What is wanted of a mailbox, or of all those of an organisation. */
export type MailWish = Pick<
  SignInTarget,
  | 'address'
  | 'expectedUser'
  | 'namedByOwner'
  | 'mailboxUser'
  | 'receive'
  | 'send'
  | 'leavesMail'
  | 'permissions'
  | 'transport'
  | 'consent'
>

/** Where the mail of a wish is, and what is asked for. */
export interface SignInPlan extends Targets {
  /** Of the first token: a token has one audience. */
  resource: Resource
  /** Everything the consent page shows; may span resources. */
  consent: string[]
  /** Scopes of the first token request. */
  token: string[]
  /** What is needed over mail, as the provider's own pages name it. */
  permissions: string[]
}

/** Where administrators can allow an application for a whole organisation. */
export interface OrganisationRules {
  /** Directory of the accounts that belong to no organisation. */
  personal: string
  /** Can people of an organisation sign in with this registration? */
  serves(registration: Pick<Registration, 'authority'>): boolean
  /** The one directory a registration is for; `undefined`: any. */
  ownDirectory(registration: Pick<Registration, 'authority'>): string | undefined
  /** The registration as one directory sees it: whoever signs in or is asked there belongs to it. */
  within(registration: Registration, directory: string): Registration
  /** May who signed in consent for everybody? `undefined` when the token does not say. */
  mayConsentForAll(token: Secret): boolean | undefined
  /** Permissions over mail that a token of the application itself carries, spelled as scopes. */
  appPermissions(token: Secret): string[]
  /** Object id by which the organisation knows the application, from a token of the application itself. */
  applicationObject(token: Secret): string | undefined
}

/**
 * What only this provider knows and needs no request for: what to ask for, how its scopes and tokens are to be read.
 * Light, because every poll and every drain asks; the rest is loaded with the first call.
 */
export interface ProviderRules {
  /** Sources of the error catalogue that know its answers. */
  context: DiagnosisContext
  /**
   * `https://…` of a registration, from what people gave; what they left out stays as in the `existing` one. Throws
   * `invalid_input`.
   */
  authorityOf(input: GivenAuthority, existing?: string): string
  /**
   * `place`: authority or issuer, which tells the cloud whose servers are meant; `registration` says what only it knows.
   * A direction without target is at no server that is known yet.
   */
  plan(wish: MailWish, place?: string, registration?: Pick<Registration, 'name' | 'server'>): SignInPlan
  /** Sources of a content security policy: where a sign-in with this registration may lead the browser. */
  pageSources(registration: Pick<Registration, 'authority' | 'server'>): string[]
  /** Its mail API in the cloud of an issuer; absent: it has none, or only one. */
  mailApi?(issuer: string | undefined): MailApi
  /**
   * Permissions without which one direction cannot work over its target. `changesMail`: received mail is marked, moved
   * or deleted.
   */
  neededScopes(
    direction: 'receive' | 'send',
    target: ReceiveTarget | SendTarget,
    options?: { changesMail?: boolean },
  ): string[]
  /** What was asked for and not granted, in short names for people (M-068). */
  missingScopes(asked: readonly string[], granted: readonly string[]): string[]
  /** Scopes of a later token request for one resource, from everything consented to. */
  tokenScopes(consented: readonly string[], resource: Resource): string[]
  /** Scopes of a token of the application itself. */
  appScopes(resource: Resource): string[]
  /**
   * Names what a token lacks before a mail server answers with a riddle (M-068). Throws `wrong_token_audience` or
   * `token_scope_missing`; what cannot be read passes.
   */
  checkToken(token: Secret, resource: Resource, scopes: readonly string[]): void
  /** Absent where only people can consent. */
  organisations?: OrganisationRules
}

/** What the provider itself is asked. All methods reject with GatewayErrors translated through `lib/diagnosis`. */
export interface ProviderCalls {
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
   * Id of the directory whose accounts own a mail domain, as the provider publishes it; `undefined` when none does, and
   * what an account says of its address then waits for an administrator. Rejects with a transient error when nobody answered.
   */
  directoryOf(registration: Pick<Registration, 'authority'>, domain: string): Promise<string | undefined>
  /**
   * Further addresses of the account behind a first token, where its user name is not its mail address; only those that
   * somebody verified. Asked for when the user name is not the expected address; a failure counts as none.
   */
  accountAddresses(account: { registration: Registration; token: Secret; resource: Resource }): Promise<string[]>
  /** Is this the issuer expected in a callback's `iss`? */
  issuerMatches(registration: Registration, iss: string): boolean | Promise<boolean>
  /** Every answer of this provider names its issuer: one that does not is somebody else's (RFC 9207). */
  namesIssuer(registration: Registration): boolean | Promise<boolean>
  /** Looks for what is wrong with a registration before anybody signs in. */
  checkRegistration(registration: Registration): Promise<void>
}

/** An identity provider. */
export interface Provider extends ProviderRules, ProviderCalls {}
