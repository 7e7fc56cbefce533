/** Everything that a test or a demo may change in the emulated Entra; the same names work over `POST /__control`. */
import type { Tenant } from '../directory.js'
import type { ManagedIdentity } from '../directory-types.js'
import type { FaultOrder } from '../faults.js'
import {
  type EntraCounters,
  type EntraState,
  type LoggedRequest,
  type RotationMode,
  zeroCounters,
} from './entra-state.js'
import { revokeUser } from './refresh-tokens.js'
import { consentKey, parseScopes } from './scopes.js'
import { type ReturnedAnswer, signInAs } from './sign-in-as.js'

type ConsentPolicy = NonNullable<Tenant['consentPolicy']>

export interface EntraControl {
  /** Counters since the start or the last `reset`. */
  readonly counters: EntraCounters
  /** Every request with its form, newest last (the last 5,000). */
  readonly requests: LoggedRequest[]
  setRotation(mode: RotationMode): void
  setLifetimes(seconds: { accessToken?: number; refreshToken?: number; code?: number }): void
  setLenientResources(on: boolean): void
  /** Refuses all refresh tokens of a user (AADSTS50173 or `aadsts`), and the access tokens too when asked. */
  revoke(order: string | { upn: string; aadsts?: number; accessTokens?: boolean }): void
  /** Accounts can be disabled and enabled again. */
  setEnabled(order: { upn: string; enabled: boolean }): void
  /** What people of an organisation may consent to themselves, and whether they can ask their administrators. */
  setConsentPolicy(order: { tenant: string; policy: ConsentPolicy; requests?: boolean }): void
  /** Applications are for these people only, and what conditional access refuses; left out: neither. */
  setAccessPolicy(order: { tenant: string } & Pick<Tenant, 'assigned' | 'conditionalAccess'>): void
  /** An administrator grants these scopes for everybody in the Entra admin center; nobody is sent back anywhere. */
  grantConsent(order: { tenant: string; clientId: string; scopes: string[] }): void
  /** Forgets the consent of a user: refreshes answer AADSTS65001. */
  withdrawConsent(upn: string): void
  expireSecret(clientId: string): void
  /** A function app may ask for tokens of this identity at `/msi/token`. */
  addIdentity(identity: ManagedIdentity): void
  /** Orders a fault at the token endpoint; kinds: `token` or a grant type. */
  fail(order: FaultOrder): void
  clearFaults(): void
  /** Counters, log and faults back to nothing; rotation, lifetimes and the directory stay. */
  reset(): void
  /** Signs a user in without a browser: follows the pages of this authorize URL (of any origin). */
  signInAs(authorizeUrl: string, upn: string): Promise<ReturnedAnswer>
}

export function entraControl(state: EntraState, ownUrl: () => string): EntraControl {
  const userOf = (upn: string) => {
    const user = state.directory.user(upn)
    if (!user) throw new Error(`No user ${upn}`)
    return user
  }
  const tenantOf = (id: string): Tenant => {
    const known = state.directory.tenant(id)
    if (!known) throw new Error(`No tenant ${id}`)
    return known
  }
  return {
    get counters() {
      return state.counters
    },
    get requests() {
      return state.log
    },
    setRotation: (mode) => {
      state.rotation = mode
    },
    setLifetimes: (seconds) => {
      state.accessTokenSeconds = seconds.accessToken ?? state.accessTokenSeconds
      state.refreshTokenSeconds = seconds.refreshToken ?? state.refreshTokenSeconds
      state.codeSeconds = seconds.code ?? state.codeSeconds
    },
    setLenientResources: (on) => {
      state.lenientResources = on
    },
    revoke: (order) => {
      const { upn, aadsts, accessTokens = false } = typeof order === 'string' ? { upn: order } : order
      const user = userOf(upn)
      revokeUser(state, user, aadsts)
      // Issue times are whole seconds: a token of this very second counts as issued before.
      if (accessTokens) state.accessTokensNotBefore.set(user.upn.toLowerCase(), state.now() + 1)
    },
    setEnabled: ({ upn, enabled }) => {
      userOf(upn).enabled = enabled
    },
    setConsentPolicy: ({ tenant, policy, requests = false }) => {
      Object.assign(tenantOf(tenant), { consentPolicy: policy, consentRequests: requests })
    },
    setAccessPolicy: ({ tenant, assigned, conditionalAccess }) => {
      Object.assign(tenantOf(tenant), { assigned, conditionalAccess })
    },
    grantConsent: ({ tenant, clientId, scopes }) => {
      const key = `${clientId} tenant:${tenantOf(tenant).id}`
      const given = state.directory.consents.get(key) ?? new Set<string>()
      for (const scope of parseScopes(scopes.join(' ')).scopes) given.add(consentKey(scope))
      state.directory.consents.set(key, given)
    },
    withdrawConsent: (upn) => {
      const { oid } = userOf(upn)
      for (const key of state.directory.consents.keys())
        if (key.endsWith(` ${oid}`)) state.directory.consents.delete(key)
    },
    expireSecret: (clientId) => {
      for (const secret of state.directory.app(clientId)?.secrets ?? []) secret.expiresAt = state.now()
    },
    addIdentity: (identity) => {
      state.identities.push(identity)
    },
    fail: (order) => state.faults.order(order),
    clearFaults: () => state.faults.clear(),
    reset: () => {
      state.counters = zeroCounters()
      state.log.length = 0
      state.faults.clear()
    },
    signInAs: (authorizeUrl, upn) => signInAs(ownUrl(), authorizeUrl, upn),
  }
}
