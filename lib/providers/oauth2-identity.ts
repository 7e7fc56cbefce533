/**
 * Who signed in. An id_token says so when the server speaks OpenID, its userinfo endpoint where it names no address, or
 * where there is no id_token; a server with neither leaves it to an administrator. No address is proven by it: any
 * server can write any address.
 */
import { type Client, processUserInfoResponse, skipSubjectCheck, userInfoRequest } from 'oauth4webapi'
import { asGatewayError, GatewayError } from '../errors.js'
import type { Identity } from '../model/connection.js'
import type { Secret } from '../secret.js'
import type { Endpoints } from './oauth2-metadata.js'
import { type OAuthWire, openWire } from './oauth2-wire.js'

type Claims = Readonly<Record<string, unknown>>

export interface SignedIn {
  identity: Identity
  addresses: string[]
}

export async function whoSignedIn(
  { fetch, context }: Pick<OAuthWire, 'fetch' | 'context'>,
  { server, client, token, claims }: { server: Endpoints; client: Client; token: Secret; claims: Claims | undefined },
): Promise<SignedIn | undefined> {
  if (claims !== undefined && addressesIn(claims).length > 0) return signedIn(server.issuer, claims)
  const more = await userInfo()
  const subject = text(claims ?? more ?? {}, 'sub')
  if (subject === '') return undefined
  return signedIn(server.issuer, { ...more, ...claims, sub: subject })

  async function userInfo(): Promise<Claims | undefined> {
    if (server.userinfo_endpoint === undefined) return undefined
    const call = openWire(fetch, context)
    call.keep(token.reveal())
    try {
      const options = call.options(server.userinfo_endpoint)
      const response = await userInfoRequest(server, client, token.reveal(), options)
      // Another subject than that of the id_token: an answer about somebody else (OpenID Connect Core, section 5.3.2).
      const expected = claims === undefined ? skipSubjectCheck : text(claims, 'sub')
      return await processUserInfoResponse(server, client, expected, response)
    } catch (error) {
      const fault = asGatewayError(call.fault(error))
      if ((error as { code?: unknown }).code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') throw untrusted('sub')
      if (fault.class === 'transient') throw fault
      // The token does not open it: then nobody says who it was.
      return undefined
    }
  }
}

function signedIn(issuer: string, claims: Claims): SignedIn {
  const addresses = addressesIn(claims)
  const displayName = text(claims, 'name').slice(0, 200)
  const identity = {
    issuer,
    subject: text(claims, 'sub').slice(0, 255),
    username: addresses[0] ?? text(claims, 'preferred_username').slice(0, 320),
    ...(displayName ? { displayName } : {}),
  }
  return { identity, addresses }
}

/** Its mail address first, unless the server itself says that nobody checked it. */
function addressesIn(claims: Claims): string[] {
  const email = claims['email_verified'] === false ? '' : text(claims, 'email')
  return [email, text(claims, 'preferred_username')].filter((name) => /^[^\s@<>]{1,64}@[^\s@<>]{1,255}$/.test(name))
}

function text(claims: Claims, name: string): string {
  const value = claims[name]
  return typeof value === 'string' && !/\p{C}/u.test(value) ? value : ''
}

export function untrusted(claim: string): GatewayError {
  return new GatewayError('id_token_invalid', 'needs-reconnect', {
    hint: 'restart-flow',
    description: `The identity that the sign-in service returned does not belong to this sign-in (${claim}).`,
    remedy: 'Start the sign-in again from the application.',
  })
}
