/** What the emulated OAuth 2.0 server knows. */
import { randomBytes } from 'node:crypto'
import type { SigningKey } from '../entra/signing-key.js'
import type { Faults } from '../faults.js'

export interface OAuthClient {
  id: string
  /** Absent: a public client. */
  secret?: string
  /** As registered; another one is refused. Default: any with a secret, `none` without. */
  authentication?: 'client_secret_basic' | 'client_secret_post' | 'none'
  redirectUris: string[]
  /** The secret ended. */
  expired?: boolean
}

export interface OAuthUser {
  sub: string
  email: string
  name?: string
  emailVerified?: boolean
}

/** What the server is like; each may be changed at any time. */
export interface OAuthManners {
  /** `oidc` at the OpenID place, `oauth2` at that of RFC 8414 only, `none`: nowhere. */
  publishes: 'oidc' | 'oauth2' | 'none'
  /** It issues id_tokens for the scope `openid`. */
  openId: boolean
  /** It has a userinfo endpoint. */
  userInfo: boolean
  /** It names itself in each answer (RFC 9207), and says so in its metadata. */
  namesIssuer: boolean
  /** `strict`: a refresh token is replaced at each use, and a second use ends the whole family; `none`: never. */
  rotation: 'strict' | 'none'
  /** Seconds of an access token, as announced. */
  lifeSeconds: unknown
}

export interface IssuedGrant {
  client: string
  user: OAuthUser
  scope: string
  family: string
}

export interface IssuedCode extends IssuedGrant {
  redirectUri: string
  challenge: string
  nonce: string
  used: boolean
}

export interface OAuthState {
  issuer: string
  clients: Map<string, OAuthClient>
  users: Map<string, OAuthUser>
  scopes: ReadonlySet<string>
  manners: OAuthManners
  key: SigningKey
  now(): number
  codes: Map<string, IssuedCode>
  refreshTokens: Map<string, IssuedGrant & { used: boolean }>
  accessTokens: Map<string, IssuedGrant & { until: number }>
  revoked: Set<string>
  faults: Faults
  /** Changes what goes out as JSON. */
  spoil: { metadata?: Spoil; token?: Spoil; userinfo?: Spoil }
  log: { path: string; form: Record<string, string>; authorization: string; status: number }[]
}

type Spoil = (answer: Record<string, unknown>) => void

export const opaque = (): string => randomBytes(24).toString('base64url')
