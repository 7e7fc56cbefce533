/** State that the parts of the emulated Entra share and `control` changes. */

import type { CloudResources } from '../clouds.js'
import type { Directory } from '../directory.js'
import type { ManagedIdentity } from '../directory-types.js'
import { Faults } from '../faults.js'
import type { SigningKey } from './signing-key.js'

/**
 * `overlap`: old refresh tokens stay valid (Entra). `strict`: single use, re-use kills the family. `grace`: as strict,
 * but the old one still works for 30 s. `none`: the answer carries no new refresh token (Google's way).
 */
export type RotationMode = 'overlap' | 'strict' | 'grace' | 'none'

export interface LoggedRequest {
  at: number
  method: string
  path: string
  query: Record<string, string>
  form: Record<string, string>
  status: number
}

export interface AuthorizationCode {
  clientId: string
  redirectUri: string
  /** Tenant segment the code was asked under. */
  authority: string
  userOid: string
  scope: string
  challenge?: string
  challengeMethod?: string
  nonce?: string
  expiresAt: number
  redeemed: boolean
}

export interface EntraState {
  directory: Directory
  now: () => number
  key: SigningKey
  /** Where browsers and clients reach this emulator. */
  publicUrl: string
  /** In front of `/{tid}/v2.0` in issuers. */
  issuerBase: string
  /** Of which cloud it is a part: other clouds' resources do not exist there. */
  resources: CloudResources
  codes: Map<string, AuthorizationCode>
  faults: Faults
  rotation: RotationMode
  /** Answer a token request that mixes resources with a token for the first one instead of AADSTS28000. */
  lenientResources: boolean
  accessTokenSeconds: number
  refreshTokenSeconds: number
  codeSeconds: number
  /** Access tokens issued before this moment are refused: UPN → ms. */
  accessTokensNotBefore: Map<string, number>
  identities: ManagedIdentity[]
  /** Client assertions that were presented: `jti` → end of validity in ms. */
  assertionIds: Map<string, number>
  counters: EntraCounters
  log: LoggedRequest[]
}

export interface EntraCounters {
  /** Token requests by grant type. */
  tokenCalls: Record<string, number>
  /** Token requests by UPN, where a user is known. */
  tokenCallsByUser: Record<string, number>
  /** Refresh tokens presented again although a rotation mode forbids it. */
  reuseEvents: number
  refusals: Record<string, number>
  introspections: number
}

export const zeroCounters = (): EntraCounters => ({
  tokenCalls: {},
  tokenCallsByUser: {},
  reuseEvents: 0,
  refusals: {},
  introspections: 0,
})

export function newEntraState(
  directory: Directory,
  { key, now, cloud }: { key: SigningKey; now: () => number; cloud: CloudResources },
): EntraState {
  return {
    directory,
    now,
    key,
    publicUrl: '',
    issuerBase: cloud.login,
    resources: cloud,
    codes: new Map(),
    faults: new Faults(),
    rotation: 'overlap',
    lenientResources: false,
    accessTokenSeconds: 3599,
    refreshTokenSeconds: 90 * 86_400,
    codeSeconds: 600,
    accessTokensNotBefore: new Map(),
    identities: [],
    assertionIds: new Map(),
    counters: zeroCounters(),
    log: [],
  }
}

export const count = (counters: Record<string, number>, key: string): void => {
  counters[key] = (counters[key] ?? 0) + 1
}
