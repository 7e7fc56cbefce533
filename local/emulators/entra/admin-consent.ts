import { type Reply, type Request, seeOther } from '../loopback-server.js'
import { EntraRefusal } from './aadsts.js'
import type { EntraState } from './entra-state.js'
import { consentKey, parseScopes } from './scopes.js'
import { adminConsentPage, refusalPage } from './sign-in-page.js'
import { appFor, tenantOf } from './tenants.js'

/** What an administrator grants with `/.default` in the emulator, unless the registration says otherwise. */
const defaultRoles = [
  'Mail.ReadWrite',
  'Mail.Send',
  'User.Read.All',
  'IMAP.AccessAsApp',
  'POP.AccessAsApp',
  'SMTP.SendAsApp',
]

/** GET shows the page, POST of the same path carries the decision. */
export function adminConsent(state: EntraState, segment: string, request: Request): Reply {
  const form = new URLSearchParams(request.method === 'POST' ? request.body.toString() : '')
  const query = request.method === 'POST' ? new URLSearchParams(form.get('request') ?? '') : request.url.searchParams
  try {
    if (segment.toLowerCase() === 'common') throw new EntraRefusal(900023, "Use 'organizations' or a tenant id.")
    const app = appFor(state, query.get('client_id') ?? undefined, segment)
    const redirectUri = query.get('redirect_uri') ?? ''
    if (!app.redirectUris.includes(redirectUri)) throw new EntraRefusal(50011, redirectUri)
    const tenant = tenantOf(state, segment)
    const tenants = tenant ? [tenant] : state.directory.tenants
    const scopes = (query.get('scope') ?? '').split(/\s+/).filter(Boolean)
    if (request.method !== 'POST') {
      return adminConsentPage({ app, tenants, scopes, action: request.path, request: query.toString() })
    }
    const url = new URL(redirectUri)
    const put = (fields: Record<string, string>) => {
      for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value)
    }
    const chosen = tenants.find((t) => t.id === form.get('tenant'))
    if (form.has('cancel') || !chosen) {
      put({ error: 'access_denied', error_description: new EntraRefusal(65004).message, error_subcode: 'cancel' })
    } else {
      // `.default` stands for all that the registration lists, application permissions included.
      const all = scopes.some((scope) => scope.endsWith('/.default'))
      if (all) app.roles[chosen.id] ??= defaultRoles
      const key = `${app.clientId} tenant:${chosen.id}`
      const given = state.directory.consents.get(key) ?? new Set<string>()
      for (const scope of parseScopes(scopes.join(' '), { allowed: app.scopes, resources: state.resources }).scopes)
        given.add(consentKey(scope))
      state.directory.consents.set(key, all ? given.add('*') : given)
      put({ tenant: chosen.id, scope: scopes.join(' ') })
    }
    put({ admin_consent: 'True', ...(query.has('state') ? { state: query.get('state')! } : {}) })
    return seeOther(url.href)
  } catch (refusal) {
    if (refusal instanceof EntraRefusal) return refusalPage(refusal.message)
    throw refusal
  }
}
