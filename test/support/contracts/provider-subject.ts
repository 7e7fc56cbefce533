/** What the provider contract needs of each provider and of the server it runs against. */
import type { Registration } from '../../../lib/model/registration.js'
import type { GivenAuthority, Provider } from '../../../lib/ports/provider.js'
import type { Secret } from '../../../lib/secret.js'

export interface ProviderClient {
  registration: Registration
  credential: Secret | undefined
}

/** What the token endpoint does to the next call; `echo`: a refusal that repeats what it was sent. */
export interface TokenFault {
  status?: number
  /** Seconds. */
  retryAfter?: number
  drop?: true
  body?: 'html' | 'echo'
}

export interface ProviderSubject {
  provider: Provider
  /** Its answers pass through `change` before the provider reads them. */
  changing(change: (answer: Record<string, unknown>) => void): Provider
  clients: { secret: ProviderClient; public?: ProviderClient }
  scopes: string[]
  /** What a person gives to make `clients.secret`'s registration. */
  given: GivenAuthority
  /** Who signs in, another address of the same account (absent: it has none), and the issuer of this person's identity. */
  username: string
  alias?: string
  issuer: string
  now(): number
  /** The person agrees on the page behind `url`; returns what the callback is given. */
  signIn(url: string): Promise<Record<string, string>>
  /** A replaced refresh token ends at once from now on, where the provider can do that. */
  rotateStrictly?(): void
  revoke(): void
  expireSecret(): void
  fail(fault: TokenFault): void
  /** Forms of the token requests, oldest first. */
  tokenRequests(): Record<string, string>[]
  stop(): Promise<void>
}

/** A mailbox that receives and sends. */
export const wishOf = (address: string) => ({ address, receive: true, send: true, transport: 'auto' as const })
