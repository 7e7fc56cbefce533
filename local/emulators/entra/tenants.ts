import type { AppRegistration, Tenant, User } from '../directory.js'
import { EntraRefusal } from './aadsts.js'
import type { EntraState } from './entra-state.js'

const shared = ['common', 'organizations', 'consumers']

/**
 * The tenant a path segment names; `undefined` for `common`, `organizations`, `consumers`; unknown ones are
 * AADSTS90002.
 */
export function tenantOf(state: EntraState, segment: string): Tenant | undefined {
  if (shared.includes(segment.toLowerCase())) return undefined
  const tenant = state.directory.tenant(segment)
  if (!tenant) throw new EntraRefusal(90002, `Tenant '${segment}'.`)
  return tenant
}

/** The registration, when it may be used under this authority. */
export function appFor(state: EntraState, clientId: string | undefined, segment: string): AppRegistration {
  if (!clientId) throw new EntraRefusal(900144, "Parameter 'client_id'.")
  const app = state.directory.app(clientId)
  if (!app) throw new EntraRefusal(700016, `Application '${clientId}'.`)
  const tenant = tenantOf(state, segment)
  if (app.audience === 'AzureADMyOrg') {
    if (!tenant) throw new EntraRefusal(50194, `Application '${clientId}'.`)
    if (tenant.id !== app.tenantId) throw new EntraRefusal(700016, `Application '${clientId}'.`)
  }
  return app
}

/**
 * Refuses people from outside the tenant the authority names, unless they are guests there, and personal-account
 * authorities.
 */
export function checkUserTenant(state: EntraState, user: User, segment: string): void {
  const tenant = tenantOf(state, segment)
  const isForeign = tenant && tenant.id !== user.tenantId && !user.guestIn?.includes(tenant.id)
  if (isForeign || segment.toLowerCase() === 'consumers') {
    throw new EntraRefusal(50020, `User '${user.upn}'.`)
  }
}
