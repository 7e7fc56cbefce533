import { json, type Reply } from '../loopback-server.js'
import { EntraRefusal } from './aadsts.js'
import type { EntraState } from './entra-state.js'
import { tenantOf } from './tenants.js'

/** The OpenID configuration; shared authorities publish the issuer with Microsoft's literal `{tenantid}`. */
export function openIdConfiguration(state: EntraState, segment: string): Reply {
  const tenant = publishedTenant(state, segment)
  const base = `${state.publicUrl}/${tenant?.id ?? segment.toLowerCase()}`
  return json(200, {
    issuer: `${state.issuerBase}/${tenant?.id ?? '{tenantid}'}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    request_uri_parameter_supported: false,
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nonce', 'preferred_username', 'name', 'tid', 'oid', 'ver'],
    tenant_region_scope: 'EU',
    cloud_instance_name: 'microsoftonline.com',
  })
}

/** A verified domain names its tenant as well as the id does; a name nobody owns is `invalid_tenant` here. */
function publishedTenant(state: EntraState, segment: string): ReturnType<typeof tenantOf> {
  try {
    return tenantOf(state, segment)
  } catch (refusal) {
    if (refusal instanceof EntraRefusal) throw new EntraRefusal(refusal.number, refusal.detail, 'invalid_tenant')
    throw refusal
  }
}

export const signingKeys = (state: EntraState, segment: string): Reply => {
  const tenant = tenantOf(state, segment)
  const issuer = `${state.issuerBase}/${tenant?.id ?? '{tenantid}'}/v2.0`
  return json(200, { keys: [{ ...state.key.publicJwk, issuer }] })
}
