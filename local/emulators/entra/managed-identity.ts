/**
 * Managed identities and the endpoint at which a function app asks for their tokens (App Service, api-version
 * 2019-08-01): it wants the header that only the app knows and names the identity by its client id.
 */
import type { Directory } from '../directory.js'
import type { ManagedIdentity } from '../directory-types.js'
import { json, type Reply, type Request } from '../loopback-server.js'
import type { EntraState } from './entra-state.js'

/** The value of `X-IDENTITY-HEADER`; the platform makes a new one for each app. */
export const identityHeader = 'emulated-identity-header'

const tokenSeconds = 86_400

export async function identityEndpoint(state: EntraState, request: Request): Promise<Reply> {
  if (request.headers['x-identity-header'] !== identityHeader)
    return json(403, { statusCode: 403, message: 'The header X-IDENTITY-HEADER is missing or wrong.' })
  const { searchParams: query } = request.url
  if (query.get('api-version') !== '2019-08-01') return json(400, { statusCode: 400, message: 'Unknown api-version.' })
  const identity = state.identities.find(({ clientId }) => clientId === query.get('client_id'))
  if (identity === undefined)
    return json(400, {
      statusCode: 400,
      message: 'No User Assigned or Delegated Managed Identity found for client_id.',
    })
  const resource = query.get('resource') ?? ''
  return json(200, {
    access_token: await identityToken(state, identity, resource),
    expires_on: String(Math.floor(state.now() / 1000) + tokenSeconds),
    resource,
    token_type: 'Bearer',
    client_id: identity.clientId,
  })
}

/** A token of the identity for one audience. */
export function identityToken(state: EntraState, identity: ManagedIdentity, audience: string): Promise<string> {
  const iat = Math.floor(state.now() / 1000)
  const { tenantId, principalId, clientId } = identity
  return state.key.sign({
    aud: audience.replace(/\/+$/, ''),
    iss: issuerOf(state, tenantId),
    iat,
    nbf: iat - 300,
    exp: iat + tokenSeconds,
    appid: clientId,
    idtyp: 'app',
    oid: principalId,
    sub: principalId,
    tid: tenantId,
    ver: '2.0',
    xms_mirid: `/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${clientId}`,
  })
}

export const issuerOf = (state: Pick<EntraState, 'issuerBase'>, tenantId: string): string =>
  `${state.issuerBase}/${tenantId}/v2.0`

/** The directory whose tokens name this issuer. */
export const directoryOfIssuer = (state: EntraState, issuer: string): Directory['tenants'][number] | undefined =>
  state.directory.tenants.find(({ id }) => issuerOf(state, id) === issuer)
